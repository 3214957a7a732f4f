-- Terms that change before and after funding, and parties who have no account yet.

CREATE TABLE order_terms (
    order_id uuid NOT NULL CONSTRAINT fk_order_terms_order_id_orders REFERENCES orders,
    version integer NOT NULL,
    hash text NOT NULL,
    proposed_by text NOT NULL CONSTRAINT ck_order_terms_proposed_by CHECK (proposed_by IN ('buyer', 'seller')),
    terms jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_order_terms PRIMARY KEY (order_id, version)
);

INSERT INTO order_terms (order_id, version, hash, proposed_by, terms, created_at)
SELECT o.id, o.terms_version, o.terms_hash, o.proposed_by, jsonb_build_object(
           'version', o.terms_version, 'order_type', o.order_type, 'title', o.title, 'description', o.description,
           'currency', o.currency, 'amount', o.amount, 'buyer_share_bps', o.buyer_share_bps,
           'fee_buyer', o.fee_buyer, 'fee_seller', o.fee_seller, 'vat_buyer', o.vat_buyer, 'vat_seller', o.vat_seller,
           'delivery_hours', o.delivery_hours, 'inspection_hours', o.inspection_hours, 'revisions', o.revisions,
           'code_is_acceptance', o.code_is_acceptance,
           'conditions', coalesce((
               SELECT jsonb_agg(jsonb_build_object(
                          'kind', c.kind, 'title', c.title, 'description', c.description,
                          'confirmed_by', c.confirmed_by, 'required', c.required,
                          'evidence_required', c.evidence_required, 'deemed_on_timeout', c.deemed_on_timeout,
                          'template_code', c.template_code, 'amount', c.amount, 'not_before', c.not_before)
                      ORDER BY c.position)
               FROM conditions AS c WHERE c.order_id = o.id AND c.status <> 'withdrawn'), '[]'::jsonb)),
       o.created_at
FROM orders AS o;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_terms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE amendments (
    id uuid CONSTRAINT pk_amendments PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_amendments_order_id_orders REFERENCES orders,
    proposed_by text NOT NULL CONSTRAINT ck_amendments_proposed_by CHECK (proposed_by IN ('buyer', 'seller')),
    base_version integer NOT NULL,
    hash text NOT NULL,
    price jsonb,
    delivery_hours integer,
    inspection_hours integer,
    added jsonb NOT NULL,
    removed uuid[] NOT NULL,
    status text NOT NULL
        CONSTRAINT ck_amendments_status CHECK (status IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX uq_amendments_order_id_open ON amendments (order_id) WHERE status = 'open';
CREATE INDEX ix_amendments_order_id_created_at ON amendments (order_id, created_at);

-- An amended price changes what went into escrow: `funded` is what orders were funded with, as amended.
CREATE OR REPLACE FUNCTION report_gmv(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, orders_funded bigint, funded bigint, released bigint, refunded bigint, charged_back bigint)
LANGUAGE sql STABLE AS $$
    SELECT m.currency, count(*) FILTER (WHERE m.kind = 'order_funded'),
           coalesce(sum(-m.out) FILTER (WHERE m.kind IN ('order_funded', 'order_amended_up',
                                                         'order_amended_down')), 0)::bigint,
           coalesce(sum(m.out - m.to_buyer) FILTER (WHERE m.kind IN ('full_release', 'partial_release',
                                                                     'split_settlement')), 0)::bigint,
           coalesce(sum(CASE m.kind WHEN 'split_settlement' THEN m.to_buyer ELSE m.out END)
               FILTER (WHERE m.kind IN ('refund_to_wallet', 'refund_to_source_requested', 'split_settlement')), 0)::bigint,
           coalesce(sum(m.out) FILTER (WHERE m.kind LIKE 'chargeback\_%'), 0)::bigint
    FROM (SELECT j.id, j.kind, e.currency, sum(e.amount) AS out,
                 CASE j.kind WHEN 'split_settlement' THEN coalesce((
                     SELECT -sum(t.amount) FROM ledger_entries AS t
                     JOIN kro_balance AS a ON a.id = t.account_id AND a.code = 'user_available'
                     JOIN orders AS o ON o.id = b.owner_id AND o.buyer_id = a.owner_id
                     WHERE t.journal_id = j.id), 0) ELSE 0 END AS to_buyer
          FROM ledger_journals AS j
          JOIN ledger_entries AS e ON e.journal_id = j.id
          JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'order_escrow'
          WHERE j.recorded_at >= since AND j.recorded_at < until
          GROUP BY j.id, j.kind, e.currency, b.owner_id) AS m
    GROUP BY m.currency ORDER BY m.currency
$$;

-- Somebody named in an order before they have an account: the number is theirs, and nothing else is known. They cannot
-- log in, be found or be paid until they register with the number, which keeps the row and its id.
ALTER TABLE users
    DROP CONSTRAINT ck_users_status,
    ADD CONSTRAINT ck_users_status CHECK (status IN ('pending', 'active', 'suspended', 'closed', 'invited')),
    ADD CONSTRAINT ck_users_password_hash CHECK (status = 'invited' OR password_hash <> '');

CREATE TABLE magic_link_logs (
    id uuid CONSTRAINT pk_magic_link_logs PRIMARY KEY,
    purpose text NOT NULL CONSTRAINT ck_magic_link_logs_purpose CHECK (purpose IN ('order_invite')),
    token_hash bytea NOT NULL CONSTRAINT uq_magic_link_logs_token_hash UNIQUE,
    user_id uuid NOT NULL CONSTRAINT fk_magic_link_logs_user_id_users REFERENCES users,
    order_id uuid NOT NULL CONSTRAINT fk_magic_link_logs_order_id_orders REFERENCES orders,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_magic_link_logs_order_id ON magic_link_logs (order_id);
