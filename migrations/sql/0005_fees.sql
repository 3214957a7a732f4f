-- Fees and taxes as dated rules. A rule that has begun is history: it can be ended, never rewritten. A rule that has not
-- begun yet can be withdrawn.

-- A text as a range of one number, so that exclusion constraints compare it without an extension.
CREATE FUNCTION scope_range(scope text) RETURNS int8range LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT int8range(hashtextextended(scope, 0) >> 1, hashtextextended(scope, 0) >> 1, '[]')
$$;

CREATE TABLE tax_rules (
    id uuid CONSTRAINT pk_tax_rules PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_tax_rules_kind CHECK (kind IN ('vat', 'stamp_duty')),
    currency text NOT NULL,
    rate_bps integer CONSTRAINT ck_tax_rules_rate_bps CHECK (rate_bps BETWEEN 0 AND 10000),
    fixed_minor bigint CONSTRAINT ck_tax_rules_fixed_minor CHECK (fixed_minor >= 0),
    threshold_minor bigint NOT NULL CONSTRAINT ck_tax_rules_threshold_minor CHECK (threshold_minor >= 0),
    effective_from timestamptz NOT NULL,
    effective_to timestamptz,
    version integer NOT NULL DEFAULT 1,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid CONSTRAINT fk_tax_rules_created_by_admins REFERENCES admins,
    reason text,
    CONSTRAINT ck_tax_rules_amount CHECK (CASE kind WHEN 'vat' THEN rate_bps IS NOT NULL AND fixed_minor IS NULL
                                          ELSE num_nonnulls(rate_bps, fixed_minor) = 1 END),
    CONSTRAINT ck_tax_rules_period CHECK (effective_to > effective_from),
    CONSTRAINT ex_tax_rules_overlap EXCLUDE USING gist (
        scope_range(kind || '/' || currency) WITH &&, tstzrange(effective_from, effective_to) WITH &&)
        WHERE (withdrawn_at IS NULL)
);

ALTER TABLE fee_configuration
    ADD COLUMN amount_from bigint NOT NULL DEFAULT 0
        CONSTRAINT ck_fee_configuration_amount_from CHECK (amount_from >= 0),
    ADD COLUMN amount_to bigint,
    ADD COLUMN promo_code text CONSTRAINT ck_fee_configuration_promo_code CHECK (promo_code ~ '^[A-Z0-9-]{3,20}$'),
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN created_by uuid CONSTRAINT fk_fee_configuration_created_by_admins REFERENCES admins,
    ADD COLUMN reason text,
    ADD CONSTRAINT ck_fee_configuration_amounts CHECK (amount_to > amount_from),
    ADD CONSTRAINT ex_fee_configuration_overlap EXCLUDE USING gist (
        scope_range(currency || '/' || coalesce(order_type, '') || '/' || coalesce(promo_code, '')) WITH &&,
        int8range(amount_from, amount_to) WITH &&, tstzrange(effective_from, effective_to) WITH &&)
        WHERE (withdrawn_at IS NULL);

CREATE INDEX ix_fee_configuration_created_at_id ON fee_configuration (created_at DESC, id DESC);
CREATE INDEX ix_tax_rules_created_at_id ON tax_rules (created_at DESC, id DESC);

ALTER TABLE fee_quotes ADD COLUMN promo_code text;

-- The application's clock decides when a rule ends and may differ a little from the database's.
CREATE FUNCTION guard_dated_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present CONSTANT timestamptz := now() - interval '5 minutes';
    may_change CONSTANT text[] := ARRAY['effective_to', 'withdrawn_at', 'version'];
BEGIN
    IF to_jsonb(OLD) - may_change <> to_jsonb(NEW) - may_change THEN
        RAISE EXCEPTION '% keeps its rules as they were made', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at
       AND (OLD.withdrawn_at IS NOT NULL OR OLD.effective_from < present) THEN
        RAISE EXCEPTION 'a rule that has begun cannot be withdrawn' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.effective_to IS DISTINCT FROM OLD.effective_to
       AND (NEW.effective_to IS NULL OR NEW.effective_to > OLD.effective_to OR NEW.effective_to < present) THEN
        RAISE EXCEPTION 'a rule can only be ended, now or later' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER history BEFORE UPDATE ON fee_configuration FOR EACH ROW EXECUTE FUNCTION guard_dated_rule();
CREATE TRIGGER history BEFORE UPDATE ON tax_rules FOR EACH ROW EXECUTE FUNCTION guard_dated_rule();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON fee_configuration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON tax_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A door for load queries of other modules: every tax rule of a currency that was not withdrawn.
CREATE FUNCTION dated_taxes(wanted_currency text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_agg(r) FROM (
        SELECT t.id, t.kind, t.currency, t.rate_bps, t.fixed_minor, t.threshold_minor, t.effective_from, t.effective_to,
               t.version, t.withdrawn_at
        FROM tax_rules AS t WHERE t.currency = wanted_currency AND t.withdrawn_at IS NULL) AS r
$$;

-- The same for fees. What ended a day ago prices nothing any more, whichever clock is right.
CREATE FUNCTION dated_fees(wanted_currency text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_agg(r) FROM (
        SELECT f.id, f.order_type, f.currency, f.percent_bps, f.minimum, f.cap, f.effective_from, f.effective_to,
               f.amount_from, f.amount_to, f.promo_code, f.version, f.withdrawn_at
        FROM fee_configuration AS f
        WHERE f.currency = wanted_currency AND f.withdrawn_at IS NULL
          AND (f.effective_to IS NULL OR f.effective_to > now() - interval '1 day')) AS r
$$;
