-- Ways into an account and out of it: codes and links by mail, changes of phone and mail, closing, exports.

-- A person may come with a mail address alone, and one whose account was erased has neither.
ALTER TABLE users
    ALTER COLUMN phone DROP NOT NULL,
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN credentials_changed_at timestamptz,
    ADD COLUMN legal_hold_at timestamptz,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN erased_at timestamptz;
-- Anybody may write down any address; only a proven one is somebody's, and nobody else's.
CREATE UNIQUE INDEX uq_users_email_proven ON users (email) WHERE email_verified_at IS NOT NULL;
CREATE INDEX ix_users_closed_at ON users (closed_at) WHERE closed_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX ix_users_invited ON users (updated_at) WHERE status = 'invited';

ALTER TABLE verification_codes
    DROP CONSTRAINT ck_verification_codes_purpose,
    ADD CONSTRAINT ck_verification_codes_purpose
        CHECK (purpose IN ('register', 'login', 'password_reset', 'contact_new', 'contact_old')),
    ALTER COLUMN phone DROP NOT NULL,
    ADD COLUMN email text,
    ADD COLUMN user_id uuid CONSTRAINT fk_verification_codes_user_id_users REFERENCES users,
    ADD CONSTRAINT ck_verification_codes_target CHECK (num_nonnulls(phone, email) = 1);
CREATE INDEX ix_verification_codes_email_created_at ON verification_codes (email, created_at);
CREATE INDEX ix_verification_codes_created_at ON verification_codes (created_at);

-- A link that was asked for but not sent, because nobody has the address, is on record as well: it belongs to nobody.
ALTER TABLE magic_link_logs
    DROP CONSTRAINT ck_magic_link_logs_purpose,
    ADD CONSTRAINT ck_magic_link_logs_purpose
        CHECK (purpose IN ('order_invite', 'login', 'password_reset', 'change_stop')),
    ALTER COLUMN user_id DROP NOT NULL,
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN subject_id uuid,
    ADD COLUMN channel text CONSTRAINT ck_magic_link_logs_channel CHECK (channel IN ('sms', 'mail')),
    ADD COLUMN ip text,
    ADD COLUMN user_agent text,
    ADD COLUMN country text,
    ADD COLUMN used_ip text,
    ADD COLUMN used_user_agent text,
    ADD COLUMN used_country text,
    ADD CONSTRAINT ck_magic_link_logs_order CHECK ((purpose = 'order_invite') = (order_id IS NOT NULL));

CREATE TABLE contact_changes (
    id uuid CONSTRAINT pk_contact_changes PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_contact_changes_user_id_users REFERENCES users,
    kind text NOT NULL CONSTRAINT ck_contact_changes_kind CHECK (kind IN ('phone', 'email')),
    old_value text,
    new_value text,
    status text NOT NULL
        CONSTRAINT ck_contact_changes_status CHECK (status IN ('open', 'done', 'stopped', 'replaced', 'lapsed')),
    new_proven_at timestamptz,
    old_proven_at timestamptz,
    created_at timestamptz NOT NULL,
    takes_effect_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE UNIQUE INDEX uq_contact_changes_user_id_open ON contact_changes (user_id, kind) WHERE status = 'open';
CREATE INDEX ix_contact_changes_open ON contact_changes (takes_effect_at) WHERE status = 'open';

CREATE TABLE data_exports (
    id uuid CONSTRAINT pk_data_exports PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_data_exports_user_id_users REFERENCES users,
    status text NOT NULL CONSTRAINT ck_data_exports_status CHECK (status IN ('pending', 'ready', 'expired')),
    object_key text,
    size_bytes integer,
    requested_at timestamptz NOT NULL,
    ready_at timestamptz,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_data_exports_user_id_requested_at ON data_exports (user_id, requested_at);
CREATE INDEX ix_data_exports_expires_at ON data_exports (expires_at) WHERE status <> 'expired';
