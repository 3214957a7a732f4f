-- The second factor of users, and the codes that prove again, for one command, who gives it.

CREATE TABLE two_factor_user (
    id uuid CONSTRAINT pk_two_factor_user PRIMARY KEY
        CONSTRAINT fk_two_factor_user_id_users REFERENCES users,
    secret_sealed text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_used_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    version integer NOT NULL DEFAULT 1
);

-- A code is good for one task of one user: what for, on what and for how much is in the hash of the task.
CREATE TABLE step_up_challenges (
    id uuid CONSTRAINT pk_step_up_challenges PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_step_up_challenges_user_id_users REFERENCES users,
    action text NOT NULL,
    task_hash bytea NOT NULL,
    code_mac bytea NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX ix_step_up_challenges_user_id ON step_up_challenges (user_id, created_at);
