-- What opens an account whose authenticator is lost: ten codes, each good once, kept as keyed hashes.

CREATE TABLE recovery_codes (
    id uuid CONSTRAINT pk_recovery_codes PRIMARY KEY,
    user_id uuid CONSTRAINT fk_recovery_codes_user_id_users REFERENCES users,
    admin_id uuid CONSTRAINT fk_recovery_codes_admin_id_admins REFERENCES admins,
    code_mac bytea NOT NULL CONSTRAINT uq_recovery_codes_code_mac UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    CONSTRAINT ck_recovery_codes_owner CHECK (num_nonnulls(user_id, admin_id) = 1)
);
CREATE INDEX ix_recovery_codes_user_id ON recovery_codes (user_id);
CREATE INDEX ix_recovery_codes_admin_id ON recovery_codes (admin_id);
