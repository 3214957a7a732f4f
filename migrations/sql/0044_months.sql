-- From here on each of these tables is one of months. Locks are held for as long as the catalog takes to change.

-- In the order of those who write a decision, or they and this would wait for each other.
LOCK TABLE ledger_journals IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE ledger_entries, balance_lines, outbox, audit_log IN ACCESS EXCLUSIVE MODE;

-- A movement is written by a trigger from the entry itself, in its transaction; an entry is never deleted.
-- squawk-ignore ban-drop-constraint
ALTER TABLE balance_lines DROP CONSTRAINT fk_balance_lines_entry_id_ledger_entries;
-- The key of a parted table has what parts it in front. That index also finds the entries of a journal.
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger_entries DROP CONSTRAINT pk_ledger_entries;
ALTER TABLE ledger_entries ADD CONSTRAINT pk_ledger_entries PRIMARY KEY USING INDEX uq_ledger_entries_journal_id_id;
-- The table is locked already, and a migration that is undone must give it back.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ix_ledger_entries_journal_id;

SELECT part_by_month('audit_log', 'id'), part_by_month('outbox', 'id'), part_by_month('ledger_entries', 'journal_id');

-- What was written before means the first months alone until it is said again.
CREATE OR REPLACE VIEW ledger_balances AS
SELECT b.id, b.code, b.owner_id, b.qualifier, b.currency, b.normal, b.tracked,
       CASE WHEN b.tracked THEN b.balance
            ELSE CASE b.normal WHEN 'credit' THEN -1 ELSE 1 END * (coalesce(r.total, 0) + coalesce(l.total, 0))
       END AS balance
FROM kro_balance AS b
LEFT JOIN LATERAL (SELECT u.through_id, u.total FROM ledger_rollups AS u WHERE u.account_id = b.id AND NOT b.tracked
                   ORDER BY u.through_id DESC LIMIT 1) AS r ON true
LEFT JOIN LATERAL (SELECT sum(e.amount)::bigint AS total FROM ledger_entries AS e
                   WHERE e.account_id = b.id AND NOT b.tracked AND e.id > coalesce(r.through_id, 0)) AS l ON true;

-- No index is in the order of all entries any more, but whoever drew a number had its transaction id before: the last
-- number drawn is as good a mark as the newest entry seen.
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
    SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END INTO newest FROM ledger_entries_id_seq AS s;
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

-- Left alone, a statement over one month of many is planned anew each time, which costs more than it does. One plan for
-- all finds its month as it begins; and a journal in one currency, as nearly all are, is added up without grouping.
CREATE OR REPLACE FUNCTION check_journal_balanced() RETURNS trigger
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    entries bigint;
    total bigint;
    one_currency boolean;
BEGIN
    SELECT count(*), sum(e.amount), min(e.currency) = max(e.currency) INTO entries, total, one_currency
    FROM ledger_entries AS e WHERE e.journal_id = NEW.id;
    IF entries >= 2 AND one_currency AND total = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM FROM ledger_entries AS e WHERE e.journal_id = NEW.id GROUP BY e.currency HAVING sum(e.amount) <> 0;
    IF entries < 2 OR FOUND THEN
        RAISE EXCEPTION 'journal % is not balanced', NEW.id USING ERRCODE = 'KR003';
    END IF;
    RETURN NULL;
END $$;

-- The worker goes on from there.
-- few rows: none, the months ahead are empty.
DO $$
BEGIN
    WHILE make_months(now(), 3, 0) > 0 LOOP
    END LOOP;
END $$;
