-- The whole ledger: every account, roll-ups, corrections.

SELECT 1;
