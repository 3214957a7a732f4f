-- Fees and taxes as dated rules.

SELECT 1;
