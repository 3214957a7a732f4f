-- Reads each table once, beside its writers.
ALTER TABLE audit_log VALIDATE CONSTRAINT first_months;
ALTER TABLE outbox VALIDATE CONSTRAINT first_months;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT first_months;
