-- How admins get in: an invitation, or a new authenticator that two others agreed to. Whoever holds the mail's token sets
-- password and authenticator; until the first code confirms it there is no admin, or none who could log in.

CREATE TABLE admin_enrolments (
    id uuid CONSTRAINT pk_admin_enrolments PRIMARY KEY,
    purpose text NOT NULL CONSTRAINT ck_admin_enrolments_purpose CHECK (purpose IN ('invite', 'reset')),
    subject_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role_code text NOT NULL CONSTRAINT fk_admin_enrolments_role_code_user_roles REFERENCES user_roles,
    asked_by uuid NOT NULL CONSTRAINT fk_admin_enrolments_asked_by_admins REFERENCES admins,
    agreed_by uuid CONSTRAINT fk_admin_enrolments_agreed_by_admins REFERENCES admins,
    reason text NOT NULL,
    token_hash bytea CONSTRAINT uq_admin_enrolments_token_hash UNIQUE,
    password_hash text,
    secret_sealed text,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text CONSTRAINT ck_admin_enrolments_end_reason CHECK (end_reason IN ('accepted', 'revoked')),
    CONSTRAINT ck_admin_enrolments_two_persons CHECK (agreed_by <> asked_by),
    CONSTRAINT ck_admin_enrolments_not_about_oneself CHECK (subject_id <> asked_by AND subject_id <> agreed_by),
    CONSTRAINT ck_admin_enrolments_agreed CHECK (purpose = 'invite' OR token_hash IS NULL OR agreed_by IS NOT NULL)
);
CREATE INDEX ix_admin_enrolments_created_at ON admin_enrolments (created_at DESC, id DESC);
