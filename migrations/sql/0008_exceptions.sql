-- Money that went another way than planned: taken back by the payer's bank, matching nobody, owed, corrected by hand.

-- What no single person may do. One proposes, another approves with a fresh code; the row keeps who, what and why.
CREATE TABLE proposals (
    id uuid CONSTRAINT pk_proposals PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_proposals_kind CHECK (kind IN ('adjustment', 'goodwill', 'journal_reversal',
        'receivable_write_off', 'suspense_credit', 'suspense_return')),
    subject_id uuid CONSTRAINT ck_proposals_subject_id CHECK (subject_id IS NOT NULL OR kind IN ('adjustment',
        'goodwill')),
    beneficiary_id uuid CONSTRAINT fk_proposals_beneficiary_id_users REFERENCES users,
    payload jsonb NOT NULL,
    reason_code text NOT NULL,
    ticket text NOT NULL,
    note text NOT NULL,
    status text NOT NULL CONSTRAINT ck_proposals_status CHECK (status IN ('proposed', 'approved', 'rejected')),
    proposed_by uuid NOT NULL CONSTRAINT fk_proposals_proposed_by_admins REFERENCES admins,
    created_at timestamptz NOT NULL,
    decided_by uuid CONSTRAINT fk_proposals_decided_by_admins REFERENCES admins,
    decided_at timestamptz,
    rejection_reason text,
    version integer NOT NULL,
    CONSTRAINT ck_proposals_decided CHECK ((status = 'proposed') = (decided_by IS NULL)
        AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_proposals_two_persons CHECK (status <> 'approved' OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX uq_proposals_open ON proposals (kind, subject_id) WHERE status = 'proposed';
CREATE INDEX ix_proposals_created_at_id ON proposals (created_at DESC, id DESC);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was decided on in % stays as it was', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER never_rewritten BEFORE UPDATE ON proposals FOR EACH ROW
    WHEN (OLD.status <> 'proposed'
          OR (OLD.kind, OLD.subject_id, OLD.beneficiary_id, OLD.payload, OLD.reason_code, OLD.ticket, OLD.note,
              OLD.proposed_by, OLD.created_at)
             IS DISTINCT FROM (NEW.kind, NEW.subject_id, NEW.beneficiary_id, NEW.payload, NEW.reason_code, NEW.ticket,
                               NEW.note, NEW.proposed_by, NEW.created_at))
    EXECUTE FUNCTION refuse_rewriting();

-- Money a provider received that belongs to nobody we know, item by item; the ledger holds it in `suspense`.
CREATE TABLE suspense_items (
    id uuid CONSTRAINT pk_suspense_items PRIMARY KEY,
    provider text NOT NULL,
    provider_reference text NOT NULL,
    reference text NOT NULL,
    reason text NOT NULL CONSTRAINT ck_suspense_items_reason CHECK (reason IN ('unknown_reference',
        'currency_mismatch')),
    payment_id uuid CONSTRAINT fk_suspense_items_payment_id_transactions REFERENCES transactions,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_suspense_items_amount CHECK (amount > 0),
    status text NOT NULL CONSTRAINT ck_suspense_items_status CHECK (status IN ('open', 'credited', 'returned')),
    user_id uuid CONSTRAINT fk_suspense_items_user_id_users REFERENCES users,
    occurred_at timestamptz NOT NULL,
    next_alarm_at timestamptz,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT uq_suspense_items_provider_reference UNIQUE (provider, provider_reference),
    CONSTRAINT ck_suspense_items_resolved CHECK ((status = 'open') = (resolved_at IS NULL)
        AND (status = 'open') = (next_alarm_at IS NOT NULL)),
    CONSTRAINT ck_suspense_items_credited CHECK ((status = 'credited') = (user_id IS NOT NULL))
);
CREATE INDEX ix_suspense_items_created_at_id ON suspense_items (created_at DESC, id DESC);
CREATE INDEX ix_suspense_items_next_alarm_at ON suspense_items (next_alarm_at) WHERE next_alarm_at IS NOT NULL;

CREATE TRIGGER never_rewritten BEFORE UPDATE ON suspense_items FOR EACH ROW
    WHEN (OLD.status <> 'open'
          OR (OLD.provider, OLD.provider_reference, OLD.currency, OLD.amount)
             IS DISTINCT FROM (NEW.provider, NEW.provider_reference, NEW.currency, NEW.amount))
    EXECUTE FUNCTION refuse_rewriting();

-- Payments contested at the payer's bank. `from_*` is who bore it, `returned` what came back; of a part borne by a user
-- `*_owed` is what the balance did not cover at first.
CREATE TABLE chargebacks (
    id uuid CONSTRAINT pk_chargebacks PRIMARY KEY,
    provider text NOT NULL,
    provider_reference text NOT NULL,
    payment_id uuid NOT NULL CONSTRAINT fk_chargebacks_payment_id_transactions REFERENCES transactions,
    order_id uuid CONSTRAINT fk_chargebacks_order_id_orders REFERENCES orders,
    payer_id uuid NOT NULL CONSTRAINT fk_chargebacks_payer_id_users REFERENCES users,
    seller_id uuid CONSTRAINT fk_chargebacks_seller_id_users REFERENCES users,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_chargebacks_amount CHECK (amount > 0),
    from_escrow bigint NOT NULL CONSTRAINT ck_chargebacks_from_escrow CHECK (from_escrow >= 0),
    from_payer bigint NOT NULL CONSTRAINT ck_chargebacks_from_payer CHECK (from_payer >= 0),
    from_seller bigint NOT NULL CONSTRAINT ck_chargebacks_from_seller CHECK (from_seller >= 0),
    payer_owed bigint NOT NULL CONSTRAINT ck_chargebacks_payer_owed CHECK (payer_owed BETWEEN 0 AND from_payer),
    seller_owed bigint NOT NULL CONSTRAINT ck_chargebacks_seller_owed CHECK (seller_owed BETWEEN 0 AND from_seller),
    returned bigint NOT NULL CONSTRAINT ck_chargebacks_returned CHECK (returned BETWEEN 0 AND amount),
    fee bigint NOT NULL CONSTRAINT ck_chargebacks_fee CHECK (fee >= 0),
    category text,
    status text NOT NULL CONSTRAINT ck_chargebacks_status CHECK (status IN ('opened', 'won', 'lost')),
    due_at timestamptz,
    next_poll_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT uq_chargebacks_provider_reference UNIQUE (provider, provider_reference),
    CONSTRAINT ck_chargebacks_shares CHECK (from_escrow + from_payer + from_seller = amount),
    CONSTRAINT ck_chargebacks_resolved CHECK ((status = 'opened') = (resolved_at IS NULL)),
    CONSTRAINT ck_chargebacks_won CHECK (status <> 'won' OR returned = amount),
    CONSTRAINT ck_chargebacks_still_out CHECK (status <> 'opened' OR returned = 0)
);
CREATE INDEX ix_chargebacks_created_at_id ON chargebacks (created_at DESC, id DESC);
CREATE INDEX ix_chargebacks_payment_id ON chargebacks (payment_id);
CREATE INDEX ix_chargebacks_order_id ON chargebacks (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ix_chargebacks_payer_id ON chargebacks (payer_id) WHERE status = 'opened';
CREATE INDEX ix_chargebacks_seller_id ON chargebacks (seller_id) WHERE status = 'opened';
CREATE INDEX ix_chargebacks_next_poll_at ON chargebacks (next_poll_at) WHERE next_poll_at IS NOT NULL;

CREATE TRIGGER never_rewritten BEFORE UPDATE ON chargebacks FOR EACH ROW
    WHEN (OLD.status <> 'opened'
          OR (OLD.provider, OLD.provider_reference, OLD.payment_id, OLD.currency, OLD.amount, OLD.from_escrow,
              OLD.from_payer, OLD.from_seller)
             IS DISTINCT FROM (NEW.provider, NEW.provider_reference, NEW.payment_id, NEW.currency, NEW.amount,
                               NEW.from_escrow, NEW.from_payer, NEW.from_seller))
    EXECUTE FUNCTION refuse_rewriting();

-- A debt repaid twice at the same moment: named before the other rule of this table (they are checked by name), because
-- it says "decide again", not "there is too little money".
ALTER TABLE kro_balance
    ADD CONSTRAINT ck_kro_balance_debt CHECK (code <> 'user_receivable' OR balance >= 0);
CREATE INDEX ix_kro_balance_owed ON kro_balance (owner_id) WHERE code = 'user_receivable' AND balance > 0;

-- A door for what must not be given back a second time: how much of a payment its payer's bank has taken back.
CREATE FUNCTION charged_back(payment uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(c.amount - c.returned), 0)::bigint FROM chargebacks AS c WHERE c.payment_id = payment
$$;
