-- The tables of the server that is measured beside the product, with the indexes its requests need.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    phone text NOT NULL UNIQUE,
    email text UNIQUE,
    first_name text NOT NULL,
    last_name text NOT NULL,
    password_hash text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'suspended', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE fee_configurations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_type text NOT NULL,
    currency text NOT NULL,
    percent_bps int NOT NULL,
    minimum bigint NOT NULL,
    cap bigint NOT NULL,
    vat_bps int NOT NULL,
    UNIQUE (order_type, currency)
);
INSERT INTO fee_configurations (order_type, currency, percent_bps, minimum, cap, vat_bps)
VALUES ('goods', 'NGN', 250, 10000, 10000000, 750);

CREATE TABLE fee_quotes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users,
    order_type text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    buyer_share_bps int NOT NULL,
    fee_buyer bigint NOT NULL,
    fee_seller bigint NOT NULL,
    vat_buyer bigint NOT NULL,
    vat_seller bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    buyer_id uuid NOT NULL REFERENCES users,
    seller_id uuid NOT NULL REFERENCES users,
    proposed_by text NOT NULL,
    order_type text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    buyer_share_bps int NOT NULL,
    fee_buyer bigint NOT NULL,
    fee_seller bigint NOT NULL,
    vat_buyer bigint NOT NULL,
    vat_seller bigint NOT NULL,
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    released bigint NOT NULL DEFAULT 0,
    refunded bigint NOT NULL DEFAULT 0,
    terms_hash text NOT NULL,
    accepted_hash text,
    delivery_hours int NOT NULL,
    inspection_hours int NOT NULL,
    status text NOT NULL CHECK (status IN ('created', 'accepted', 'in_progress', 'completed', 'closed')),
    funding_status text NOT NULL CHECK (funding_status IN ('none', 'funded', 'settled')),
    close_reason text,
    accept_by timestamptz,
    fund_by timestamptz,
    deliver_by timestamptz,
    inspect_by timestamptz,
    last_seq int NOT NULL,
    version int NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX orders_of_buyer ON orders (buyer_id, created_at DESC, id DESC);
CREATE INDEX orders_of_seller ON orders (seller_id, created_at DESC, id DESC);

CREATE TABLE conditions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL REFERENCES orders,
    position int NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    confirmed_by text NOT NULL,
    required boolean NOT NULL,
    evidence_required boolean NOT NULL,
    deemed_on_timeout boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'submitted', 'fulfilled')),
    note text,
    submitted_at timestamptz,
    settled_at timestamptz,
    settled_by text,
    rejection_reason text,
    amount bigint,
    UNIQUE (order_id, position)
);

CREATE TABLE order_events (
    order_id uuid NOT NULL REFERENCES orders,
    seq int NOT NULL,
    type text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    data json NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (order_id, seq)
);

-- A positive entry adds to an account. What belongs to somebody has a running balance; the accounts of the house, which
-- every order touches, have none, so that nobody waits for them.
CREATE TABLE ledger_accounts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('user', 'escrow', 'provider', 'fees', 'vat')),
    owner_id uuid,
    currency text NOT NULL,
    balance bigint CHECK (balance >= 0)
);
CREATE UNIQUE INDEX ledger_accounts_of ON ledger_accounts (kind, owner_id, currency);
INSERT INTO ledger_accounts (id, kind, currency) VALUES
    ('00000000-0000-4000-8000-000000000001', 'provider', 'NGN'),
    ('00000000-0000-4000-8000-000000000002', 'fees', 'NGN'),
    ('00000000-0000-4000-8000-000000000003', 'vat', 'NGN');

CREATE TABLE ledger_journals (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    order_id uuid REFERENCES orders,
    actor_id uuid,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX ledger_journals_of_order ON ledger_journals (order_id);

CREATE TABLE ledger_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal_id uuid NOT NULL REFERENCES ledger_journals,
    account_id uuid NOT NULL REFERENCES ledger_accounts,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0)
);
CREATE INDEX ledger_entries_of_journal ON ledger_entries (journal_id);
CREATE INDEX ledger_entries_of_account ON ledger_entries (account_id);

CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    fingerprint text NOT NULL,
    response json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE TABLE webhook_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider text NOT NULL,
    type text NOT NULL,
    reference text,
    body_sha256 text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (provider, body_sha256)
);
