-- What is append-only while somebody is a customer goes once the account is erased, and only then.
CREATE FUNCTION is_erased(person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM users WHERE id = person AND erased_at IS NOT NULL)
$$;

CREATE FUNCTION guard_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_erased(OLD.user_id) THEN
        RAISE EXCEPTION 'a note goes with the account it is about' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER append_only ON user_notes;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON user_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_note BEFORE DELETE ON user_notes FOR EACH ROW EXECUTE FUNCTION guard_note();

CREATE OR REPLACE FUNCTION guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    contested timestamptz;
BEGIN
    IF NEW.original = '' AND NEW.shown = '' AND is_erased(OLD.author_id)
       AND to_jsonb(NEW) - '{original,shown,version}'::text[] = to_jsonb(OLD) - '{original,shown,version}'::text[] THEN
        RETURN NEW;
    END IF;
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
