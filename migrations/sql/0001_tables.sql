-- People, sessions and second factors ------------------------------------------------------------------------------

CREATE TABLE user_roles (
    code text CONSTRAINT pk_user_roles PRIMARY KEY,
    audience text NOT NULL CONSTRAINT ck_user_roles_audience CHECK (audience IN ('user', 'admin')),
    title text NOT NULL,
    permissions text[] NOT NULL
);

CREATE TABLE users (
    id uuid CONSTRAINT pk_users PRIMARY KEY,
    phone text NOT NULL CONSTRAINT uq_users_phone UNIQUE,
    email text,
    first_name text NOT NULL,
    last_name text NOT NULL,
    password_hash text NOT NULL,
    status text NOT NULL CONSTRAINT ck_users_status CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
    role_code text NOT NULL CONSTRAINT fk_users_role_code_user_roles REFERENCES user_roles,
    kyc_tier smallint NOT NULL CONSTRAINT ck_users_kyc_tier CHECK (kyc_tier BETWEEN 0 AND 3),
    phone_verified_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE admins (
    id uuid CONSTRAINT pk_admins PRIMARY KEY,
    email text NOT NULL CONSTRAINT uq_admins_email UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    status text NOT NULL CONSTRAINT ck_admins_status CHECK (status IN ('active', 'suspended')),
    role_code text NOT NULL CONSTRAINT fk_admins_role_code_user_roles REFERENCES user_roles,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE two_factor_admin (
    admin_id uuid CONSTRAINT pk_two_factor_admin PRIMARY KEY
        CONSTRAINT fk_two_factor_admin_admin_id_admins REFERENCES admins,
    secret_sealed text NOT NULL,
    confirmed_at timestamptz,
    last_used_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz
);

CREATE TABLE sessions (
    id uuid CONSTRAINT pk_sessions PRIMARY KEY,
    audience text NOT NULL CONSTRAINT ck_sessions_audience CHECK (audience IN ('user', 'admin')),
    user_id uuid CONSTRAINT fk_sessions_user_id_users REFERENCES users,
    admin_id uuid CONSTRAINT fk_sessions_admin_id_admins REFERENCES admins,
    refresh_hash bytea NOT NULL CONSTRAINT uq_sessions_refresh_hash UNIQUE,
    previous_hash bytea,
    rotated_at timestamptz,
    ip text,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoke_reason text,
    CONSTRAINT ck_sessions_principal CHECK ((audience = 'user') = (user_id IS NOT NULL)
        AND (audience = 'admin') = (admin_id IS NOT NULL))
);
CREATE INDEX ix_sessions_user_id ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX ix_sessions_admin_id ON sessions (admin_id) WHERE revoked_at IS NULL;

CREATE TABLE verification_codes (
    id uuid CONSTRAINT pk_verification_codes PRIMARY KEY,
    purpose text NOT NULL CONSTRAINT ck_verification_codes_purpose CHECK (purpose IN ('register', 'login')),
    phone text NOT NULL,
    code_mac bytea NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    draft jsonb
);
CREATE INDEX ix_verification_codes_phone_created_at ON verification_codes (phone, created_at);

CREATE TABLE rate_limits (
    bucket text NOT NULL,
    subject text NOT NULL,
    window_start timestamptz NOT NULL,
    hits integer NOT NULL,
    CONSTRAINT pk_rate_limits PRIMARY KEY (bucket, subject, window_start)
);

CREATE TABLE bank_accounts (
    id uuid CONSTRAINT pk_bank_accounts PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_bank_accounts_user_id_users REFERENCES users,
    bank_code text NOT NULL,
    bank_name text NOT NULL,
    account_number_sealed text NOT NULL,
    account_number_index text NOT NULL,
    account_number_last4 text NOT NULL,
    account_name text NOT NULL,
    currency text NOT NULL,
    usable_from timestamptz NOT NULL,
    removed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uq_bank_accounts_user_id_account ON bank_accounts (user_id, bank_code, account_number_index)
    WHERE removed_at IS NULL;

-- KRO Balance: the ledger ------------------------------------------------------------------------------------------

CREATE TABLE kro_balance (
    id uuid CONSTRAINT pk_kro_balance PRIMARY KEY,
    code text NOT NULL,
    owner_id uuid NOT NULL,
    qualifier text NOT NULL,
    currency text NOT NULL,
    normal text NOT NULL CONSTRAINT ck_kro_balance_normal CHECK (normal IN ('debit', 'credit')),
    tracked boolean NOT NULL,
    allow_negative boolean NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_kro_balance_code UNIQUE (owner_id, code, qualifier, currency),
    CONSTRAINT uq_kro_balance_id_currency UNIQUE (id, currency),
    CONSTRAINT ck_kro_balance_not_negative CHECK (allow_negative OR balance >= 0),
    CONSTRAINT ck_kro_balance_untracked CHECK (tracked OR balance = 0)
);

CREATE TABLE ledger_journals (
    id uuid CONSTRAINT pk_ledger_journals PRIMARY KEY,
    kind text NOT NULL,
    source_type text NOT NULL,
    source_id uuid NOT NULL,
    provider text,
    external_ref text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    request_id text,
    actor text NOT NULL,
    reverses_journal_id uuid CONSTRAINT fk_ledger_journals_reverses_journal_id_ledger_journals REFERENCES ledger_journals
        CONSTRAINT uq_ledger_journals_reverses_journal_id UNIQUE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT uq_ledger_journals_source UNIQUE (kind, source_type, source_id),
    CONSTRAINT uq_ledger_journals_external UNIQUE (provider, external_ref, kind)
);

CREATE TABLE ledger_entries (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_ledger_entries PRIMARY KEY,
    journal_id uuid NOT NULL CONSTRAINT fk_ledger_entries_journal_id_ledger_journals REFERENCES ledger_journals,
    account_id uuid NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_ledger_entries_amount CHECK (amount <> 0),
    CONSTRAINT fk_ledger_entries_account_id_kro_balance FOREIGN KEY (account_id, currency)
        REFERENCES kro_balance (id, currency)
);
CREATE INDEX ix_ledger_entries_journal_id ON ledger_entries (journal_id);
CREATE INDEX ix_ledger_entries_account_id_id ON ledger_entries (account_id, id);

CREATE TABLE fee_configuration (
    id uuid CONSTRAINT pk_fee_configuration PRIMARY KEY,
    order_type text,
    currency text NOT NULL,
    percent_bps integer NOT NULL CONSTRAINT ck_fee_configuration_percent_bps CHECK (percent_bps BETWEEN 0 AND 10000),
    minimum bigint NOT NULL CONSTRAINT ck_fee_configuration_minimum CHECK (minimum >= 0),
    cap bigint CONSTRAINT ck_fee_configuration_cap CHECK (cap >= minimum),
    effective_from timestamptz NOT NULL,
    effective_to timestamptz CONSTRAINT ck_fee_configuration_period CHECK (effective_to > effective_from)
);
CREATE INDEX ix_fee_configuration_currency ON fee_configuration (currency, effective_from);

CREATE TABLE fee_quotes (
    id uuid CONSTRAINT pk_fee_quotes PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_fee_quotes_user_id_users REFERENCES users,
    order_type text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_fee_quotes_amount CHECK (amount > 0),
    buyer_share_bps integer NOT NULL,
    fee_buyer bigint NOT NULL,
    fee_seller bigint NOT NULL,
    vat_buyer bigint NOT NULL,
    vat_seller bigint NOT NULL,
    basis jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Orders -----------------------------------------------------------------------------------------------------------

CREATE TABLE orders (
    id uuid CONSTRAINT pk_orders PRIMARY KEY,
    buyer_id uuid NOT NULL CONSTRAINT fk_orders_buyer_id_users REFERENCES users,
    seller_id uuid NOT NULL CONSTRAINT fk_orders_seller_id_users REFERENCES users,
    proposed_by text NOT NULL CONSTRAINT ck_orders_proposed_by CHECK (proposed_by IN ('buyer', 'seller')),
    order_type text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_orders_amount CHECK (amount > 0),
    buyer_share_bps integer NOT NULL CONSTRAINT ck_orders_buyer_share_bps CHECK (buyer_share_bps BETWEEN 0 AND 10000),
    fee_buyer bigint NOT NULL CONSTRAINT ck_orders_fee_buyer CHECK (fee_buyer >= 0),
    fee_seller bigint NOT NULL CONSTRAINT ck_orders_fee_seller CHECK (fee_seller >= 0),
    vat_buyer bigint NOT NULL CONSTRAINT ck_orders_vat_buyer CHECK (vat_buyer >= 0),
    vat_seller bigint NOT NULL CONSTRAINT ck_orders_vat_seller CHECK (vat_seller >= 0),
    fee_basis jsonb NOT NULL,
    terms_version integer NOT NULL,
    terms_hash text NOT NULL,
    accepted_hash text,
    delivery_hours integer NOT NULL,
    inspection_hours integer NOT NULL,
    status text NOT NULL CONSTRAINT ck_orders_status CHECK (status IN ('created', 'accepted', 'in_progress', 'completed',
        'closed', 'issue_reported', 'disputed', 'refunded', 'declined', 'cancelled', 'expired')),
    funding_status text NOT NULL CONSTRAINT ck_orders_funding_status CHECK (funding_status IN ('none', 'partial',
        'funded', 'part_settled', 'settled')),
    close_reason text,
    on_hold boolean NOT NULL,
    funded_amount bigint NOT NULL CONSTRAINT ck_orders_funded_amount CHECK (funded_amount >= 0),
    released_amount bigint NOT NULL CONSTRAINT ck_orders_released_amount CHECK (released_amount >= 0),
    refunded_amount bigint NOT NULL CONSTRAINT ck_orders_refunded_amount CHECK (refunded_amount >= 0),
    accept_by timestamptz,
    fund_by timestamptz,
    deliver_by timestamptz,
    inspect_by timestamptz,
    last_seq integer NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_orders_parties CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_orders_settled CHECK (funded_amount >= released_amount + refunded_amount),
    CONSTRAINT ck_orders_ended CHECK ((status IN ('closed', 'refunded', 'declined', 'cancelled', 'expired'))
        = (ended_at IS NOT NULL)),
    CONSTRAINT ck_orders_ended_empty CHECK (ended_at IS NULL OR funded_amount = released_amount + refunded_amount)
);
CREATE INDEX ix_orders_buyer_id_created_at_id ON orders (buyer_id, created_at DESC, id DESC);
CREATE INDEX ix_orders_seller_id_created_at_id ON orders (seller_id, created_at DESC, id DESC);
CREATE INDEX ix_orders_buyer_id_held ON orders (buyer_id) WHERE funded_amount > released_amount + refunded_amount;
CREATE INDEX ix_orders_created_at_id ON orders (created_at DESC, id DESC);

CREATE TABLE conditions (
    id uuid CONSTRAINT pk_conditions PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_conditions_order_id_orders REFERENCES orders,
    position integer NOT NULL,
    kind text NOT NULL CONSTRAINT ck_conditions_kind CHECK (kind IN ('confirm', 'document', 'delivery_code', 'date',
        'inspection', 'third_party')),
    title text NOT NULL,
    description text NOT NULL,
    confirmed_by text NOT NULL CONSTRAINT ck_conditions_confirmed_by CHECK (confirmed_by IN ('buyer', 'seller', 'both',
        'admin', 'system')),
    required boolean NOT NULL,
    evidence_required boolean NOT NULL,
    deemed_on_timeout boolean NOT NULL,
    template_code text,
    status text NOT NULL CONSTRAINT ck_conditions_status CHECK (status IN ('pending', 'submitted', 'fulfilled', 'waived')),
    note text,
    evidence_ids uuid[] NOT NULL,
    submitted_at timestamptz,
    settled_at timestamptz,
    settled_by text,
    rejection_reason text,
    version integer NOT NULL,
    CONSTRAINT uq_conditions_order_id_position UNIQUE (order_id, position)
);

CREATE TABLE condition_templates (
    code text NOT NULL,
    version integer NOT NULL,
    order_type text NOT NULL,
    title text NOT NULL,
    conditions jsonb NOT NULL,
    active boolean NOT NULL,
    CONSTRAINT pk_condition_templates PRIMARY KEY (code, version)
);

CREATE TABLE evidence (
    id uuid CONSTRAINT pk_evidence PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_evidence_order_id_orders REFERENCES orders,
    uploaded_by uuid NOT NULL CONSTRAINT fk_evidence_uploaded_by_users REFERENCES users,
    file_name text NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    storage_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_evidence_order_id ON evidence (order_id);

CREATE TABLE order_events (
    order_id uuid NOT NULL CONSTRAINT fk_order_events_order_id_orders REFERENCES orders,
    seq integer NOT NULL,
    id uuid NOT NULL CONSTRAINT uq_order_events_id UNIQUE,
    type text NOT NULL,
    actor_kind text NOT NULL CONSTRAINT ck_order_events_actor_kind CHECK (actor_kind IN ('buyer', 'seller', 'admin',
        'system')),
    actor_id uuid,
    data jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_order_events PRIMARY KEY (order_id, seq)
);

-- Payments and payouts ---------------------------------------------------------------------------------------------

CREATE TABLE transactions (
    id uuid CONSTRAINT pk_transactions PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_transactions_kind CHECK (kind IN ('payment', 'payout')),
    user_id uuid NOT NULL CONSTRAINT fk_transactions_user_id_users REFERENCES users,
    order_id uuid CONSTRAINT fk_transactions_order_id_orders REFERENCES orders,
    provider text NOT NULL,
    reference text NOT NULL CONSTRAINT uq_transactions_reference UNIQUE,
    provider_reference text,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_transactions_amount CHECK (amount > 0),
    fee bigint NOT NULL CONSTRAINT ck_transactions_fee CHECK (fee >= 0),
    vat bigint NOT NULL CONSTRAINT ck_transactions_vat CHECK (vat BETWEEN 0 AND fee),
    received_amount bigint,
    variance text CONSTRAINT ck_transactions_variance CHECK (variance IN ('exact', 'under', 'over')),
    status text NOT NULL,
    checkout_url text,
    destination jsonb,
    approvals_required integer NOT NULL,
    failure_code text,
    polls integer NOT NULL,
    next_poll_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT ck_transactions_status CHECK (status IN (
        'initiated', 'processing', 'succeeded', 'failed', 'abandoned', 'unknown',
        'awaiting_approval', 'approved', 'rejected', 'cancelled', 'submitting', 'submitted', 'returned'))
);
CREATE INDEX ix_transactions_user_id_created_at_id ON transactions (user_id, kind, created_at DESC, id DESC);
CREATE INDEX ix_transactions_order_id ON transactions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ix_transactions_next_poll_at ON transactions (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX ix_transactions_user_id_in_transit ON transactions (user_id) WHERE kind = 'payout'
    AND status IN ('awaiting_approval', 'approved', 'submitting', 'submitted', 'unknown');
CREATE INDEX ix_transactions_payout_status ON transactions (status, created_at) WHERE kind = 'payout';

CREATE TABLE payout_approvals (
    id uuid CONSTRAINT pk_payout_approvals PRIMARY KEY,
    payout_id uuid NOT NULL CONSTRAINT fk_payout_approvals_payout_id_transactions REFERENCES transactions,
    admin_id uuid NOT NULL CONSTRAINT fk_payout_approvals_admin_id_admins REFERENCES admins,
    approval_hash text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT uq_payout_approvals_payout_id_admin_id UNIQUE (payout_id, admin_id)
);

CREATE TABLE payout_attempts (
    id uuid CONSTRAINT pk_payout_attempts PRIMARY KEY,
    payout_id uuid NOT NULL CONSTRAINT fk_payout_attempts_payout_id_transactions REFERENCES transactions,
    number integer NOT NULL,
    provider text NOT NULL,
    reference text NOT NULL CONSTRAINT uq_payout_attempts_reference UNIQUE,
    status text NOT NULL CONSTRAINT ck_payout_attempts_status CHECK (status IN ('submitting', 'submitted', 'unknown',
        'succeeded', 'failed')),
    provider_reference text,
    failure_code text,
    lease_until timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_payout_attempts_payout_id_number UNIQUE (payout_id, number)
);
CREATE UNIQUE INDEX uq_payout_attempts_open ON payout_attempts (payout_id)
    WHERE status IN ('submitting', 'submitted', 'unknown');

CREATE TABLE payment_webhook_info (
    id uuid CONSTRAINT pk_payment_webhook_info PRIMARY KEY,
    provider text NOT NULL,
    dedupe_key text NOT NULL,
    event_type text NOT NULL,
    subject text NOT NULL,
    reference text,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_payment_webhook_info_dedupe_key UNIQUE (provider, dedupe_key)
);

CREATE TABLE payment_webhook_state (
    webhook_id uuid CONSTRAINT pk_payment_webhook_state PRIMARY KEY
        CONSTRAINT fk_payment_webhook_state_webhook_id_payment_webhook_info REFERENCES payment_webhook_info,
    state text NOT NULL CONSTRAINT ck_payment_webhook_state_state CHECK (state IN ('received', 'processed', 'ignored',
        'parked')),
    attempts integer NOT NULL,
    next_attempt_at timestamptz,
    last_error text,
    processed_at timestamptz
);
CREATE INDEX ix_payment_webhook_state_due ON payment_webhook_state (next_attempt_at) WHERE state = 'received';

CREATE TABLE refunds (
    id uuid CONSTRAINT pk_refunds PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_refunds_order_id_orders REFERENCES orders,
    user_id uuid NOT NULL CONSTRAINT fk_refunds_user_id_users REFERENCES users,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_refunds_amount CHECK (amount > 0),
    destination text NOT NULL CONSTRAINT ck_refunds_destination CHECK (destination IN ('balance', 'source')),
    status text NOT NULL CONSTRAINT ck_refunds_status CHECK (status IN ('requested', 'approved', 'sending', 'processed',
        'failed')),
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    processed_at timestamptz
);
CREATE INDEX ix_refunds_user_id_created_at_id ON refunds (user_id, created_at DESC, id DESC);
CREATE INDEX ix_refunds_order_id ON refunds (order_id);

-- Plumbing ---------------------------------------------------------------------------------------------------------

CREATE TABLE idempotency_keys (
    principal_id uuid NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    fingerprint text NOT NULL,
    status smallint NOT NULL,
    body text NOT NULL,
    content_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (principal_id, key)
);
CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE TABLE timers (
    order_id uuid NOT NULL CONSTRAINT fk_timers_order_id_orders REFERENCES orders,
    kind text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    CONSTRAINT pk_timers PRIMARY KEY (order_id, kind)
);
CREATE INDEX ix_timers_due_at ON timers (due_at);

CREATE TABLE job_claims (
    name text CONSTRAINT pk_job_claims PRIMARY KEY,
    claimed_at timestamptz NOT NULL
);

CREATE TABLE outbox (
    id uuid CONSTRAINT pk_outbox PRIMARY KEY,
    topic text NOT NULL,
    ordering_key text,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending' CONSTRAINT ck_outbox_state CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);
CREATE INDEX ix_outbox_due ON outbox (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX ix_outbox_ordering_key ON outbox (ordering_key, created_at, id)
    WHERE state = 'pending' AND ordering_key IS NOT NULL;
CREATE INDEX ix_outbox_dead ON outbox (id) WHERE state = 'dead';

CREATE TABLE audit_log (
    id uuid CONSTRAINT pk_audit_log PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL,
    actor_id uuid,
    session_id uuid,
    action text NOT NULL,
    target_type text NOT NULL,
    target_id uuid,
    result text NOT NULL CONSTRAINT ck_audit_log_result CHECK (result IN ('done', 'refused')),
    reason text,
    detail jsonb NOT NULL,
    request_id text,
    ip text
);
CREATE INDEX ix_audit_log_target_id ON audit_log (target_id, at);
CREATE INDEX ix_audit_log_actor_id ON audit_log (actor_id, at);
