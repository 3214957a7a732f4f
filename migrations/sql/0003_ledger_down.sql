DROP TRIGGER mirrors ON ledger_journals;
DROP FUNCTION check_journal_mirrors();
DROP FUNCTION balance_at(uuid, timestamptz);
DROP VIEW ledger_balances;
DROP FUNCTION roll_up_ledger(integer, integer);
DROP TABLE ledger_rollup_mark;
DROP TABLE ledger_rollups;
