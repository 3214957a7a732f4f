-- Payouts with limits, duty, automatic approval, history, alarms and the decision of two people where a provider's
-- answer does not come.

ALTER TABLE admins ADD COLUMN phone text
    CONSTRAINT ck_admins_phone CHECK (phone ~ '^\+[1-9][0-9]{6,14}$');

-- Accounts of before were never compared with their owner's name, so a person has to look at what goes there.
ALTER TABLE bank_accounts ADD COLUMN name_match text NOT NULL DEFAULT 'mismatch'
    CONSTRAINT ck_bank_accounts_name_match CHECK (name_match IN ('match', 'partial', 'mismatch'));

ALTER TABLE transactions
    ADD COLUMN duty bigint NOT NULL DEFAULT 0 CONSTRAINT ck_transactions_duty CHECK (duty >= 0),
    ADD COLUMN duty_bearer text CONSTRAINT ck_transactions_duty_bearer CHECK (duty_bearer IN ('user', 'platform')),
    ADD COLUMN name_match text
        CONSTRAINT ck_transactions_name_match CHECK (name_match IN ('match', 'partial', 'mismatch'));

-- Every status a payout ever had, written by the database itself: no code path can forget it.
CREATE TABLE payout_history (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_payout_history PRIMARY KEY,
    payout_id uuid NOT NULL CONSTRAINT fk_payout_history_payout_id_transactions REFERENCES transactions,
    status text NOT NULL,
    failure_code text,
    at timestamptz NOT NULL
);
CREATE INDEX ix_payout_history_payout_id ON payout_history (payout_id, id);

INSERT INTO payout_history (payout_id, status, failure_code, at)
SELECT k.* FROM (
    SELECT id, 'awaiting_approval', NULL, created_at FROM transactions WHERE kind = 'payout' AND version > 1
    UNION ALL
    SELECT id, status, failure_code, updated_at FROM transactions WHERE kind = 'payout'
) AS k (payout_id, status, failure_code, at)
ORDER BY k.payout_id, k.status <> 'awaiting_approval';

CREATE FUNCTION keep_payout_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO payout_history (payout_id, status, failure_code, at)
    VALUES (NEW.id, NEW.status, NEW.failure_code, NEW.updated_at);
    RETURN NULL;
END $$;

CREATE TRIGGER history_begins AFTER INSERT ON transactions FOR EACH ROW WHEN (NEW.kind = 'payout')
    EXECUTE FUNCTION keep_payout_history();
CREATE TRIGGER history_goes_on AFTER UPDATE ON transactions FOR EACH ROW
    WHEN (NEW.kind = 'payout' AND OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION keep_payout_history();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What people were told about a payout, each kind once; the last two wait for a decision.
CREATE TABLE payout_alarms (
    id uuid CONSTRAINT pk_payout_alarms PRIMARY KEY,
    payout_id uuid NOT NULL CONSTRAINT fk_payout_alarms_payout_id_transactions REFERENCES transactions,
    kind text NOT NULL CONSTRAINT ck_payout_alarms_kind CHECK (kind IN (
        'open_for_an_hour', 'open_for_a_day', 'amount_differs', 'failed_after_success', 'paid_after_giving_back')),
    raised_at timestamptz NOT NULL,
    settled_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT uq_payout_alarms_payout_id_kind UNIQUE (payout_id, kind)
);
CREATE INDEX ix_payout_alarms_unsettled ON payout_alarms (raised_at, id)
    WHERE settled_at IS NULL AND kind <> 'open_for_an_hour';

-- How a stuck payout ended, as one person says with evidence and another confirms.
CREATE TABLE payout_resolutions (
    id uuid CONSTRAINT pk_payout_resolutions PRIMARY KEY,
    payout_id uuid NOT NULL CONSTRAINT fk_payout_resolutions_payout_id_transactions REFERENCES transactions,
    outcome text NOT NULL CONSTRAINT ck_payout_resolutions_outcome CHECK (outcome IN (
        'paid', 'failed', 'returned', 'noted')),
    provider_reference text,
    note text NOT NULL,
    status text NOT NULL CONSTRAINT ck_payout_resolutions_status CHECK (status IN (
        'proposed', 'confirmed', 'dismissed')),
    proposed_by uuid NOT NULL CONSTRAINT fk_payout_resolutions_proposed_by_admins REFERENCES admins,
    proposed_at timestamptz NOT NULL,
    decided_by uuid CONSTRAINT fk_payout_resolutions_decided_by_admins REFERENCES admins,
    decided_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT ck_payout_resolutions_evidence CHECK ((outcome IN ('paid', 'returned')) = (provider_reference IS NOT NULL)),
    CONSTRAINT ck_payout_resolutions_decided CHECK ((status = 'proposed') = (decided_by IS NULL)),
    CONSTRAINT ck_payout_resolutions_two_people CHECK (status <> 'confirmed' OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX uq_payout_resolutions_open ON payout_resolutions (payout_id) WHERE status = 'proposed';

-- Whether an admin and a user are one person as far as we can tell: same mailbox, whatever its "+tag", or same phone.
CREATE FUNCTION is_same_person(asked_admin uuid, asked_user uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM admins AS a JOIN users AS u ON u.id = asked_user
        WHERE a.id = asked_admin
          AND (a.phone = u.phone
               OR regexp_replace(lower(a.email), '\+[^@]*@', '@') = regexp_replace(lower(u.email), '\+[^@]*@', '@')))
$$;

-- A door for the load query of a request: what its owner owes the platform.
CREATE FUNCTION debt_of(owner uuid, wanted_currency text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT b.balance FROM kro_balance AS b WHERE b.owner_id = owner AND b.code = 'user_receivable'
                     AND b.qualifier = '' AND b.currency = wanted_currency), 0)
$$;
