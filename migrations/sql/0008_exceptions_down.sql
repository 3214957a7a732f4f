DROP FUNCTION charged_back(uuid);
DROP INDEX ix_kro_balance_owed;
ALTER TABLE kro_balance DROP CONSTRAINT ck_kro_balance_debt;
DROP TABLE chargebacks;
DROP TABLE suspense_items;
DROP TABLE proposals;
DROP FUNCTION refuse_rewriting();
