-- Rows of all months are copied into one table; nobody can write meanwhile.
LOCK TABLE ledger_journals IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE ledger_entries, balance_lines, outbox, audit_log IN ACCESS EXCLUSIVE MODE;
DROP VIEW ledger_balances;
SELECT join_months('audit_log'), join_months('outbox'), join_months('ledger_entries');
CREATE INDEX ix_ledger_entries_journal_id ON ledger_entries (journal_id);
ALTER TABLE ledger_entries DROP CONSTRAINT pk_ledger_entries;
ALTER TABLE ledger_entries ADD CONSTRAINT pk_ledger_entries PRIMARY KEY (id);
ALTER TABLE balance_lines ADD CONSTRAINT fk_balance_lines_entry_id_ledger_entries FOREIGN KEY (entry_id)
    REFERENCES ledger_entries;
SELECT limit_to_first_months('audit_log', 'id'), limit_to_first_months('outbox', 'id'),
       limit_to_first_months('ledger_entries', 'journal_id');
-- As it was, or it could not be parted again.
ALTER TABLE audit_log VALIDATE CONSTRAINT first_months;
ALTER TABLE outbox VALIDATE CONSTRAINT first_months;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT first_months;
CREATE UNIQUE INDEX uq_ledger_entries_journal_id_id ON ledger_entries (journal_id, id);

CREATE VIEW ledger_balances AS
SELECT b.id, b.code, b.owner_id, b.qualifier, b.currency, b.normal, b.tracked,
       CASE WHEN b.tracked THEN b.balance
            ELSE CASE b.normal WHEN 'credit' THEN -1 ELSE 1 END * (coalesce(r.total, 0) + coalesce(l.total, 0))
       END AS balance
FROM kro_balance AS b
LEFT JOIN LATERAL (SELECT u.through_id, u.total FROM ledger_rollups AS u WHERE u.account_id = b.id AND NOT b.tracked
                   ORDER BY u.through_id DESC LIMIT 1) AS r ON true
LEFT JOIN LATERAL (SELECT sum(e.amount)::bigint AS total FROM ledger_entries AS e
                   WHERE e.account_id = b.id AND NOT b.tracked AND e.id > coalesce(r.through_id, 0)) AS l ON true;

CREATE OR REPLACE FUNCTION roll_up_ledger(fewest integer, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    newest bigint;
    mark ledger_rollup_mark;
    written integer := 0;
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'roll-ups need a transaction of their own' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('kro roll-ups', 0)) THEN
        RETURN 0;
    END IF;
    SELECT coalesce(max(id), 0) INTO newest FROM ledger_entries;
    SELECT * INTO mark FROM ledger_rollup_mark;

    IF pg_snapshot_xmin(pg_current_snapshot()) >= mark.xid THEN
        INSERT INTO ledger_rollups (account_id, through_id, total, recorded_through)
        SELECT b.id, more.through_id, coalesce(last.total, 0) + more.total,
               greatest(last.recorded_through, more.recorded_through)
        FROM kro_balance AS b
        LEFT JOIN LATERAL (SELECT r.through_id, r.total, r.recorded_through FROM ledger_rollups AS r
                           WHERE r.account_id = b.id ORDER BY r.through_id DESC LIMIT 1) AS last ON true
        CROSS JOIN LATERAL (
            SELECT max(e.id) AS through_id, sum(e.amount)::bigint AS total, max(e.recorded_at) AS recorded_through,
                   count(*) AS entries
            FROM (SELECT n.id, n.amount, j.recorded_at
                  FROM ledger_entries AS n JOIN ledger_journals AS j ON j.id = n.journal_id
                  WHERE n.account_id = b.id AND n.id > coalesce(last.through_id, 0) AND n.id <= mark.through_id
                  ORDER BY n.id LIMIT batch) AS e) AS more
        WHERE NOT b.tracked AND more.entries >= fewest;
        GET DIAGNOSTICS written = ROW_COUNT;
    ELSIF mark.xid <= pg_current_xact_id() THEN
        -- Somebody older than the mark still runs: it stays where it is.
        RETURN 0;
    END IF;

    -- A mark from the future comes from a restored copy whose transaction ids began anew.
    UPDATE ledger_rollup_mark SET through_id = newest, xid = pg_current_xact_id()
    WHERE newest > mark.through_id OR mark.xid > pg_current_xact_id();
    RETURN written;
END $$;

CREATE OR REPLACE FUNCTION check_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
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
