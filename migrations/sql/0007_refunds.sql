-- Refunds to the balance and to their source.

SELECT 1;
