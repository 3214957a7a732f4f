-- What users see of their money over time.

SELECT 1;
