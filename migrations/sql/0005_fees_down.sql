DROP FUNCTION dated_fees;
DROP FUNCTION dated_taxes;
DROP TRIGGER keep ON fee_configuration;
DROP TRIGGER history ON fee_configuration;
DROP TABLE tax_rules;
DROP FUNCTION guard_dated_rule;
ALTER TABLE fee_quotes DROP COLUMN promo_code;
-- Without these columns a row of a band, of a promotion or of a withdrawn plan would say something else.
DELETE FROM fee_configuration
WHERE amount_from > 0 OR amount_to IS NOT NULL OR promo_code IS NOT NULL OR withdrawn_at IS NOT NULL;
ALTER TABLE fee_configuration
    DROP CONSTRAINT ex_fee_configuration_overlap,
    DROP COLUMN amount_from,
    DROP COLUMN amount_to,
    DROP COLUMN promo_code,
    DROP COLUMN version,
    DROP COLUMN withdrawn_at,
    DROP COLUMN created_at,
    DROP COLUMN created_by,
    DROP COLUMN reason;
DROP FUNCTION scope_range;
