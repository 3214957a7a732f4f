DROP TRIGGER keep_what_it_is ON kro_balance;
DROP TRIGGER keep ON kro_balance;
DROP FUNCTION refuse_another_account();
CREATE OR REPLACE FUNCTION check_entries_belong() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN ledger_journals AS j ON j.id = added.journal_id
               WHERE j.xid <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'entries may only be added in the transaction of their journal' USING ERRCODE = 'KR004';
    END IF;
    RETURN NULL;
END $$;
ALTER TABLE kro_balance ADD CONSTRAINT uq_kro_balance_id_currency UNIQUE (id, currency);
ALTER TABLE ledger_entries ADD CONSTRAINT fk_ledger_entries_account_id_kro_balance FOREIGN KEY (account_id, currency)
    REFERENCES kro_balance (id, currency);
DROP TRIGGER mirrors ON ledger_journals;
DROP FUNCTION check_journal_mirrors();
DROP FUNCTION balance_at(uuid, timestamptz);
DROP VIEW ledger_balances;
DROP FUNCTION roll_up_ledger(integer, integer);
DROP TABLE ledger_rollup_mark;
DROP TABLE ledger_rollups;
