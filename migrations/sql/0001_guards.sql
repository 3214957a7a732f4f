-- What the database itself refuses, whoever asks ---------------------------------------------------------------------

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_webhook_info
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One firing per journal, at commit: at least two entries and a sum of zero in each currency.
CREATE FUNCTION check_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entries bigint;
    unbalanced bigint;
BEGIN
    SELECT coalesce(sum(e.entries), 0), count(*) FILTER (WHERE e.total <> 0) INTO entries, unbalanced
    FROM (SELECT count(*) AS entries, sum(amount) AS total FROM ledger_entries WHERE journal_id = NEW.id
          GROUP BY currency) AS e;
    IF entries < 2 OR unbalanced > 0 THEN
        RAISE EXCEPTION 'journal % is not balanced', NEW.id USING ERRCODE = 'KR003';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_journals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_journal_balanced();

-- Without this, a balanced pair of late entries could be appended to an old journal.
CREATE FUNCTION check_entries_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN ledger_journals AS j ON j.id = added.journal_id
               WHERE j.xid <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'entries may only be added in the transaction of their journal' USING ERRCODE = 'KR004';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER belong AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_entries_belong();

CREATE FUNCTION refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an ended order never reopens' USING ERRCODE = 'KR005';
END $$;

CREATE TRIGGER never_reopen BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL AND OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION refuse_reopening();

CREATE FUNCTION refuse_downgrade() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a % transaction cannot become %', OLD.status, NEW.status USING ERRCODE = 'KR006';
END $$;

CREATE TRIGGER never_downgrade BEFORE UPDATE ON transactions FOR EACH ROW
    WHEN (OLD.status IN ('succeeded', 'failed', 'rejected', 'cancelled', 'returned')
          AND OLD.status IS DISTINCT FROM NEW.status
          AND NOT (OLD.status = 'succeeded' AND NEW.status = 'returned')
          AND NOT (OLD.kind = 'payment' AND OLD.status = 'failed' AND NEW.status = 'succeeded'))
    EXECUTE FUNCTION refuse_downgrade();
