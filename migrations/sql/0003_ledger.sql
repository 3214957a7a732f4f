-- Balances of shared accounts without a shared row: roll-ups, what an account held at a past moment, and corrections
-- that are exact mirrors.

-- What an account's entries up to ``through_id`` sum to (debit positive). An account's balance is its newest roll-up
-- and the entries after it. Rows are only added: older ones make balances of the past cheap.
CREATE TABLE ledger_rollups (
    account_id uuid NOT NULL CONSTRAINT fk_ledger_rollups_account_id_kro_balance REFERENCES kro_balance,
    through_id bigint NOT NULL,
    total bigint NOT NULL,
    recorded_through timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ledger_rollups PRIMARY KEY (account_id, through_id)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_rollups
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The newest entry seen, and the transaction that saw it: once every transaction older than that one has ended, no
-- entry with a lower id can still appear.
CREATE TABLE ledger_rollup_mark (
    id smallint CONSTRAINT pk_ledger_rollup_mark PRIMARY KEY CONSTRAINT ck_ledger_rollup_mark_id CHECK (id = 1),
    through_id bigint NOT NULL,
    xid xid8 NOT NULL
);
INSERT INTO ledger_rollup_mark VALUES (1, 0, '0');

-- Entry ids are handed out before commit, so "all ids up to N" could miss a late committer. Every writer of an entry
-- has its transaction id before it draws the entry's id (the journal is written first). So a mark is set in one run
-- (newest visible entry first, then the run's own transaction id), and used in a later one, when
-- pg_snapshot_xmin says that every transaction before the mark's has ended.
--
-- Sums at most ``batch`` entries of each account that has ``fewest`` of them, and returns how many roll-ups it wrote.
CREATE FUNCTION roll_up_ledger(fewest integer, batch integer) RETURNS integer
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

-- Every account with what it holds now, positive on its normal side.
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

-- What an account held when everything recorded up to a moment had been written, positive on its normal side.
CREATE FUNCTION balance_at(wanted uuid, moment timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE b.normal WHEN 'credit' THEN -1 ELSE 1 END * (coalesce(r.total, 0) + coalesce(l.total, 0))
    FROM kro_balance AS b
    LEFT JOIN LATERAL (SELECT u.through_id, u.total FROM ledger_rollups AS u
                       WHERE u.account_id = b.id AND u.recorded_through <= moment
                       ORDER BY u.through_id DESC LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (SELECT sum(e.amount)::bigint AS total
                       FROM ledger_entries AS e JOIN ledger_journals AS j ON j.id = e.journal_id
                       WHERE e.account_id = b.id AND e.id > coalesce(r.through_id, 0)
                         AND j.recorded_at <= moment) AS l ON true
    WHERE b.id = wanted
$$;

-- A correction is the exact mirror of one journal; anything else that claims to reverse one is refused at commit.
CREATE FUNCTION check_journal_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT account_id, sum(amount) AS amount, count(*) AS entries FROM ledger_entries
                     WHERE journal_id = NEW.reverses_journal_id GROUP BY account_id) AS wrong
        FULL JOIN (SELECT account_id, sum(amount) AS amount, count(*) AS entries FROM ledger_entries
                   WHERE journal_id = NEW.id GROUP BY account_id) AS mirror USING (account_id)
        WHERE (wrong.amount, wrong.entries) IS DISTINCT FROM (-mirror.amount, mirror.entries)) THEN
        RAISE EXCEPTION 'journal % is not the mirror of %', NEW.id, NEW.reverses_journal_id USING ERRCODE = 'KR007';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER mirrors AFTER INSERT ON ledger_journals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reverses_journal_id IS NOT NULL)
    EXECUTE FUNCTION check_journal_mirrors();

-- A foreign key from entries to accounts would lock the account's row in share mode for every posting, and the accounts
-- that every posting touches would become what all of them wait for. The trigger that looks at new entries anyway says
-- the same without a lock, since an account is never deleted and never changes its currency.
ALTER TABLE ledger_entries DROP CONSTRAINT fk_ledger_entries_account_id_kro_balance;
ALTER TABLE kro_balance DROP CONSTRAINT uq_kro_balance_id_currency;

CREATE OR REPLACE FUNCTION check_entries_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN ledger_journals AS j ON j.id = added.journal_id
               WHERE j.xid <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'entries may only be added in the transaction of their journal' USING ERRCODE = 'KR004';
    END IF;
    IF EXISTS (SELECT FROM added LEFT JOIN kro_balance AS b ON b.id = added.account_id
               WHERE b.currency IS DISTINCT FROM added.currency) THEN
        RAISE EXCEPTION 'an entry has the currency of its account' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_another_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an account stays the account it was opened as' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON kro_balance FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_what_it_is BEFORE UPDATE OF id, code, owner_id, qualifier, currency, normal, tracked ON kro_balance
    FOR EACH ROW
    WHEN ((OLD.id, OLD.code, OLD.owner_id, OLD.qualifier, OLD.currency, OLD.normal, OLD.tracked)
          IS DISTINCT FROM (NEW.id, NEW.code, NEW.owner_id, NEW.qualifier, NEW.currency, NEW.normal, NEW.tracked))
    EXECUTE FUNCTION refuse_another_account();
