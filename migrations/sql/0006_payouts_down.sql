DROP FUNCTION debt_of, is_same_person;
DROP TABLE payout_resolutions, payout_alarms;
DROP TRIGGER history_begins ON transactions;
DROP TRIGGER history_goes_on ON transactions;
DROP FUNCTION keep_payout_history;
DROP TABLE payout_history;
ALTER TABLE transactions DROP COLUMN duty, DROP COLUMN duty_bearer, DROP COLUMN name_match;
ALTER TABLE bank_accounts DROP COLUMN name_match;
ALTER TABLE admins DROP COLUMN phone;
