-- Sanctions lists as they were imported, who on them looks like a user, and accounts that are frozen for it.
ALTER TABLE users ADD COLUMN frozen_at timestamptz;

CREATE TABLE sanction_lists (
    id uuid CONSTRAINT pk_sanction_lists PRIMARY KEY,
    code text NOT NULL CONSTRAINT ck_sanction_lists_code CHECK (code ~ '^[a-z][a-z0-9_]{1,29}$'),
    format text NOT NULL CONSTRAINT ck_sanction_lists_format CHECK (format IN ('un_xml', 'ofac_xml', 'ofac_csv', 'csv')),
    sha256 text NOT NULL,
    status text NOT NULL CONSTRAINT ck_sanction_lists_status CHECK (status IN ('loading', 'active', 'superseded')),
    entries integer NOT NULL,
    names integer NOT NULL,
    unreadable integer NOT NULL,
    problems json NOT NULL,
    imported_at timestamptz NOT NULL,
    imported_by uuid CONSTRAINT fk_sanction_lists_imported_by_admins REFERENCES admins,
    screened_to uuid,
    screened_at timestamptz
);
CREATE UNIQUE INDEX uq_sanction_lists_code ON sanction_lists (code) WHERE status = 'active';
CREATE INDEX ix_sanction_lists_imported_at_id ON sanction_lists (imported_at DESC, id DESC);

-- One row for each name and alias; keys are what its parts sound like. Those of a superseded list are deleted.
CREATE TABLE sanction_names (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_sanction_names PRIMARY KEY,
    list_id uuid NOT NULL CONSTRAINT fk_sanction_names_list_id_sanction_lists REFERENCES sanction_lists,
    entry_ref text NOT NULL,
    name text NOT NULL,
    keys text[] NOT NULL,
    born text[] NOT NULL
);
CREATE INDEX ix_sanction_names_keys ON sanction_names USING gin (keys);
CREATE INDEX ix_sanction_names_list_id ON sanction_names (list_id);

CREATE TABLE sanction_matches (
    id uuid CONSTRAINT pk_sanction_matches PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_sanction_matches_user_id_users REFERENCES users,
    list_code text NOT NULL,
    list_id uuid NOT NULL CONSTRAINT fk_sanction_matches_list_id_sanction_lists REFERENCES sanction_lists,
    entry_ref text NOT NULL,
    listed_name text NOT NULL,
    compared_name text NOT NULL,
    source text NOT NULL CONSTRAINT ck_sanction_matches_source CHECK (source IN ('profile', 'bank_account')),
    score smallint NOT NULL,
    likely boolean NOT NULL,
    status text NOT NULL CONSTRAINT ck_sanction_matches_status CHECK (status IN ('open', 'confirmed', 'dismissed')),
    decided_by uuid CONSTRAINT fk_sanction_matches_decided_by_admins REFERENCES admins,
    decided_at timestamptz,
    reason text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL
);
-- What was looked at once does not come back with the next import.
CREATE UNIQUE INDEX uq_sanction_matches_comparison
    ON sanction_matches (user_id, list_code, entry_ref, md5(listed_name), md5(compared_name));
CREATE INDEX ix_sanction_matches_status ON sanction_matches (status, created_at DESC, id DESC);

CREATE TABLE user_freezes (
    id uuid CONSTRAINT pk_user_freezes PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_user_freezes_user_id_users REFERENCES users,
    match_id uuid CONSTRAINT fk_user_freezes_match_id_sanction_matches REFERENCES sanction_matches,
    placed_by uuid CONSTRAINT fk_user_freezes_placed_by_admins REFERENCES admins,
    placed_at timestamptz NOT NULL,
    reason text NOT NULL,
    lifted_by uuid CONSTRAINT fk_user_freezes_lifted_by_admins REFERENCES admins,
    lift_approved_by uuid CONSTRAINT fk_user_freezes_lift_approved_by_admins REFERENCES admins,
    lifted_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT ck_user_freezes_two_persons CHECK (lift_approved_by <> lifted_by),
    CONSTRAINT ck_user_freezes_lifted CHECK (num_nulls(lifted_by, lift_approved_by, lifted_at) IN (0, 3))
);
CREATE UNIQUE INDEX uq_user_freezes_user_id ON user_freezes (user_id) WHERE lifted_at IS NULL;

ALTER TABLE proposals DROP CONSTRAINT ck_proposals_kind, ADD CONSTRAINT ck_proposals_kind CHECK (
    kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit', 'suspense_return',
             'dispute_decision', 'hold_lift', 'freeze_lift'));
