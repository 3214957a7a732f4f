-- What each verification tier may do, as dated rules like fees and taxes: ended or withdrawn, never rewritten.
CREATE TABLE kyc_tier_limits (
    id uuid CONSTRAINT pk_kyc_tier_limits PRIMARY KEY,
    tier smallint NOT NULL CONSTRAINT ck_kyc_tier_limits_tier CHECK (tier BETWEEN 0 AND 3),
    currency text NOT NULL,
    order_limit bigint CONSTRAINT ck_kyc_tier_limits_order_limit CHECK (order_limit >= 0),
    payout_limit bigint CONSTRAINT ck_kyc_tier_limits_payout_limit CHECK (payout_limit >= 0),
    day_in_limit bigint CONSTRAINT ck_kyc_tier_limits_day_in_limit CHECK (day_in_limit >= 0),
    day_out_limit bigint CONSTRAINT ck_kyc_tier_limits_day_out_limit CHECK (day_out_limit >= 0),
    balance_limit bigint CONSTRAINT ck_kyc_tier_limits_balance_limit CHECK (balance_limit >= 0),
    requires text[] NOT NULL
        CONSTRAINT ck_kyc_tier_limits_requires CHECK (requires <@ '{phone,identity,bvn,nin,address}'),
    effective_from timestamptz NOT NULL,
    effective_to timestamptz,
    version integer NOT NULL DEFAULT 1,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid CONSTRAINT fk_kyc_tier_limits_created_by_admins REFERENCES admins,
    reason text,
    CONSTRAINT ck_kyc_tier_limits_period CHECK (effective_to > effective_from),
    CONSTRAINT ex_kyc_tier_limits_overlap EXCLUDE USING gist (
        scope_range(tier || '/' || currency) WITH &&, tstzrange(effective_from, effective_to) WITH &&)
        WHERE (withdrawn_at IS NULL)
);

CREATE INDEX ix_kyc_tier_limits_created_at_id ON kyc_tier_limits (created_at DESC, id DESC);

CREATE TRIGGER history BEFORE UPDATE ON kyc_tier_limits FOR EACH ROW EXECUTE FUNCTION guard_dated_rule();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON kyc_tier_limits FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a user has paid in since a moment, in minor units, with what was begun after open_since and is not decided yet.
CREATE FUNCTION paid_in_since(wanted_user uuid, wanted_currency text, since timestamptz, open_since timestamptz)
RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(t.amount), 0)::bigint FROM transactions AS t
    WHERE t.user_id = wanted_user AND t.kind = 'payment' AND t.currency = wanted_currency AND t.created_at >= since
      AND (t.status = 'succeeded'
           OR t.status IN ('initiated', 'processing', 'unknown') AND t.created_at > open_since)
$$;
