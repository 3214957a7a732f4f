-- Who users say they are, and what registers answer. Numbers are sealed with a data key of their own each.
CREATE TABLE consents (
    id uuid CONSTRAINT pk_consents PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_consents_user_id_users REFERENCES users,
    purpose text NOT NULL CONSTRAINT ck_consents_purpose CHECK (purpose IN ('identity_check')),
    text_version text NOT NULL,
    given_at timestamptz NOT NULL,
    ip text,
    session_id uuid,
    request_id text
);
CREATE INDEX ix_consents_user_id ON consents (user_id);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON consents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE identity_checks (
    id uuid CONSTRAINT pk_identity_checks PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_identity_checks_user_id_users REFERENCES users,
    kind text NOT NULL CONSTRAINT ck_identity_checks_kind CHECK (kind IN ('bvn', 'nin')),
    status text NOT NULL
        CONSTRAINT ck_identity_checks_status CHECK (status IN ('pending', 'review', 'verified', 'refused')),
    cause text,
    number_key text,
    number_sealed text,
    record_sealed text,
    number_index text NOT NULL,
    last4 text NOT NULL CONSTRAINT ck_identity_checks_last4 CHECK (last4 ~ '^[0-9]{4}$'),
    first_name text NOT NULL,
    last_name text NOT NULL,
    middle_name text,
    score smallint,
    provider text,
    provider_reference text,
    consent_id uuid NOT NULL CONSTRAINT fk_identity_checks_consent_id_consents REFERENCES consents,
    attempts integer NOT NULL,
    next_attempt_at timestamptz,
    decided_by uuid CONSTRAINT fk_identity_checks_decided_by_admins REFERENCES admins,
    decided_at timestamptz,
    reason text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_identity_checks_number CHECK (status = 'refused' OR num_nulls(number_key, number_sealed) = 0),
    CONSTRAINT ck_identity_checks_asked CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
);
-- One number serves one account, and one account has one check under way.
CREATE UNIQUE INDEX uq_identity_checks_number ON identity_checks (kind, number_index) WHERE status = 'verified';
CREATE UNIQUE INDEX uq_identity_checks_user_id_kind ON identity_checks (user_id, kind) WHERE status = 'verified';
CREATE UNIQUE INDEX uq_identity_checks_user_id_open ON identity_checks (user_id) WHERE status IN ('pending', 'review');
CREATE INDEX ix_identity_checks_user_id ON identity_checks (user_id, created_at DESC);
CREATE INDEX ix_identity_checks_status ON identity_checks (status, created_at DESC, id DESC);
CREATE INDEX ix_identity_checks_next_attempt_at ON identity_checks (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
