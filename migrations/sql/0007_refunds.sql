-- Refunds in full: where the money is taken from, who let it go, every try with the provider, and how each ended. A
-- refund's row is permanent and its id is the reference the provider sees at every try.

ALTER TABLE refunds
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN payment_id uuid CONSTRAINT fk_refunds_payment_id_transactions REFERENCES transactions,
    ADD COLUMN origin text NOT NULL DEFAULT 'escrow' CONSTRAINT ck_refunds_origin CHECK (origin IN ('escrow', 'balance')),
    -- The place among the refunds to source of one order (or of a payment without one). Two requests at once cannot
    -- both be decided on the same sums: the second finds its place taken and looks again.
    ADD COLUMN place text CONSTRAINT uq_refunds_place UNIQUE,
    ADD COLUMN fee bigint NOT NULL DEFAULT 0 CONSTRAINT ck_refunds_fee CHECK (fee >= 0),
    ADD COLUMN vat bigint NOT NULL DEFAULT 0 CONSTRAINT ck_refunds_vat CHECK (vat >= 0),
    ADD COLUMN provider text,
    ADD COLUMN note text,
    ADD COLUMN requested_by uuid CONSTRAINT fk_refunds_requested_by_admins REFERENCES admins,
    ADD COLUMN approvals_required integer NOT NULL DEFAULT 0 CONSTRAINT ck_refunds_approvals_required
        CHECK (approvals_required >= 0),
    ADD COLUMN failure_code text,
    ADD COLUMN polls integer NOT NULL DEFAULT 0,
    ADD COLUMN next_poll_at timestamptz,
    ADD COLUMN alarms integer NOT NULL DEFAULT 0,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    DROP CONSTRAINT ck_refunds_status,
    ADD CONSTRAINT ck_refunds_status CHECK (status IN ('requested', 'approved', 'sending', 'processed', 'failed',
        'rejected', 'cancelled')),
    ADD CONSTRAINT ck_refunds_source CHECK ((destination = 'source') = (payment_id IS NOT NULL)),
    ADD CONSTRAINT ck_refunds_subject CHECK (order_id IS NOT NULL OR payment_id IS NOT NULL),
    ADD CONSTRAINT ck_refunds_escrow CHECK (origin <> 'escrow' OR order_id IS NOT NULL);

ALTER TABLE refunds
    ALTER COLUMN origin DROP DEFAULT,
    ALTER COLUMN fee DROP DEFAULT,
    ALTER COLUMN vat DROP DEFAULT,
    ALTER COLUMN approvals_required DROP DEFAULT,
    ALTER COLUMN polls DROP DEFAULT,
    ALTER COLUMN alarms DROP DEFAULT,
    ALTER COLUMN version DROP DEFAULT,
    ALTER COLUMN updated_at DROP DEFAULT;

CREATE INDEX ix_refunds_payment_id ON refunds (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX ix_refunds_next_poll_at ON refunds (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX ix_refunds_created_at_id ON refunds (created_at DESC, id DESC);
CREATE INDEX ix_refunds_user_id_in_transit ON refunds (user_id)
    WHERE destination = 'source' AND status IN ('requested', 'approved', 'sending');

-- Every try with the provider. One provider's refund answers for one try of ours, never for two.
CREATE TABLE refund_attempts (
    id uuid CONSTRAINT pk_refund_attempts PRIMARY KEY,
    refund_id uuid NOT NULL CONSTRAINT fk_refund_attempts_refund_id_refunds REFERENCES refunds,
    number integer NOT NULL,
    provider text NOT NULL,
    status text NOT NULL CONSTRAINT ck_refund_attempts_status CHECK (status IN ('submitting', 'submitted', 'unknown',
        'succeeded', 'failed')),
    provider_reference text,
    failure_code text,
    lease_until timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_refund_attempts_refund_id_number UNIQUE (refund_id, number),
    CONSTRAINT uq_refund_attempts_provider_reference UNIQUE (provider, provider_reference)
);
CREATE UNIQUE INDEX uq_refund_attempts_open ON refund_attempts (refund_id)
    WHERE status IN ('submitting', 'submitted', 'unknown');

-- Who let a refund go, or agreed on how one ended that its provider cannot tell; the hash covers what was shown.
CREATE TABLE refund_approvals (
    id uuid CONSTRAINT pk_refund_approvals PRIMARY KEY,
    refund_id uuid NOT NULL CONSTRAINT fk_refund_approvals_refund_id_refunds REFERENCES refunds,
    admin_id uuid NOT NULL CONSTRAINT fk_refund_approvals_admin_id_admins REFERENCES admins,
    purpose text NOT NULL CONSTRAINT ck_refund_approvals_purpose CHECK (purpose IN ('send', 'resolve')),
    approval_hash text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT uq_refund_approvals_hash UNIQUE (refund_id, admin_id, approval_hash)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_refund_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a % refund stays what it is', OLD.status USING ERRCODE = 'KR006';
END $$;

CREATE TRIGGER never_downgrade BEFORE UPDATE ON refunds FOR EACH ROW
    WHEN (OLD.status IN ('processed', 'failed', 'rejected', 'cancelled') AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_refund_change();

CREATE TRIGGER never_altered BEFORE UPDATE ON refunds FOR EACH ROW
    WHEN ((OLD.order_id, OLD.payment_id, OLD.user_id, OLD.currency, OLD.amount, OLD.fee, OLD.vat, OLD.origin,
           OLD.destination)
          IS DISTINCT FROM (NEW.order_id, NEW.payment_id, NEW.user_id, NEW.currency, NEW.amount, NEW.fee, NEW.vat,
                            NEW.origin, NEW.destination))
    EXECUTE FUNCTION refuse_refund_change();

CREATE TRIGGER permanent BEFORE DELETE OR TRUNCATE ON refunds FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A door for load queries of other modules. What an admin asked for of an order's escrow is set aside only when another
-- admin has let it go.
CREATE FUNCTION refunds_in_transit(owner uuid) RETURNS TABLE (currency text, amount bigint)
LANGUAGE sql STABLE AS $$
    SELECT r.currency, sum(r.amount)::bigint
    FROM refunds AS r
    WHERE r.user_id = owner AND r.destination = 'source' AND r.status IN ('requested', 'approved', 'sending')
      AND (r.origin = 'balance' OR r.status <> 'requested')
    GROUP BY r.currency
$$;
