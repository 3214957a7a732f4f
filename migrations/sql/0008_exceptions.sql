-- Chargebacks, debts, suspense and adjustments.

SELECT 1;
