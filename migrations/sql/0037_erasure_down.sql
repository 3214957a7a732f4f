CREATE OR REPLACE FUNCTION guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    contested timestamptz;
BEGIN
    IF OLD.redacted_at IS NOT NULL OR NEW.redacted_at IS NULL
       OR to_jsonb(NEW) - 'redacted_at' - 'version' <> to_jsonb(OLD) - 'redacted_at' - 'version' THEN
        RAISE EXCEPTION 'a message can only be taken back, once' USING ERRCODE = 'restrict_violation';
    END IF;
    -- The lock makes a report of an issue that is being written go first, or wait.
    SELECT o.contested_at INTO contested FROM orders AS o WHERE o.id = OLD.order_id FOR SHARE;
    IF contested IS NOT NULL THEN
        PERFORM lost_race('the order of the message');
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER guard_note ON user_notes;
DROP TRIGGER append_only ON user_notes;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP FUNCTION guard_note, is_erased;
