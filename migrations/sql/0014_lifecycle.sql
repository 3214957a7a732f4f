-- The whole contract of an order: terms that change, milestones, handover codes, holds, deadlines that were proven, and
-- disagreements from report to appeal.

ALTER TABLE orders
    ADD COLUMN code_is_acceptance boolean NOT NULL DEFAULT false,
    ADD COLUMN compliance_hold boolean NOT NULL DEFAULT false,
    ADD COLUMN held_since timestamptz,
    ADD COLUMN completed_at timestamptz,
    ADD COLUMN receipt_extensions integer NOT NULL DEFAULT 0,
    ADD COLUMN overdue_reminders integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT ck_orders_compliance_hold CHECK (NOT compliance_hold OR on_hold);

-- Orders under way are given what newer ones get on their way.
UPDATE orders SET held_since = updated_at WHERE on_hold;
UPDATE orders SET completed_at = updated_at WHERE status = 'completed';
INSERT INTO timers (order_id, kind, due_at)
SELECT o.id, t.kind, t.due_at FROM orders AS o, LATERAL (VALUES
    ('deliver_by', 'in_progress', o.deliver_by),
    ('inspect_by', 'completed', o.inspect_by)
) AS t (kind, status, due_at)
WHERE o.status = t.status AND t.due_at IS NOT NULL AND NOT o.on_hold
ON CONFLICT DO NOTHING;

ALTER TABLE conditions
    ADD COLUMN amount bigint CONSTRAINT ck_conditions_amount CHECK (amount > 0),
    ADD COLUMN not_before timestamptz,
    ADD COLUMN inspect_by timestamptz,
    ADD COLUMN code_hash text,
    ADD COLUMN code_tries integer NOT NULL DEFAULT 0 CONSTRAINT ck_conditions_code_tries CHECK (code_tries >= 0),
    DROP CONSTRAINT ck_conditions_status,
    ADD CONSTRAINT ck_conditions_status
        CHECK (status IN ('pending', 'submitted', 'fulfilled', 'waived', 'withdrawn')),
    DROP CONSTRAINT uq_conditions_order_id_position;

CREATE UNIQUE INDEX uq_conditions_order_id_position ON conditions (order_id, position) WHERE status <> 'withdrawn';

CREATE TABLE issues (
    id uuid CONSTRAINT pk_issues PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_issues_order_id_orders REFERENCES orders,
    condition_id uuid CONSTRAINT fk_issues_condition_id_conditions REFERENCES conditions,
    reported_by text NOT NULL CONSTRAINT ck_issues_reported_by CHECK (reported_by IN ('buyer', 'seller', 'system')),
    category text NOT NULL,
    statement text NOT NULL,
    from_status text NOT NULL CONSTRAINT ck_issues_from_status CHECK (from_status IN ('in_progress', 'completed')),
    status text NOT NULL CONSTRAINT ck_issues_status CHECK (
        status IN ('negotiating', 'evidence', 'under_review', 'decided', 'appealed', 'final', 'effective', 'withdrawn',
                   'settled')),
    reported_at timestamptz NOT NULL,
    answered_at timestamptz,
    respond_by timestamptz,
    negotiate_by timestamptz NOT NULL,
    escalated_by text,
    escalated_at timestamptz,
    evidence_by timestamptz,
    decide_by timestamptz,
    overdue_by timestamptz,
    assigned_to uuid CONSTRAINT fk_issues_assigned_to_admins REFERENCES admins,
    round integer NOT NULL CONSTRAINT ck_issues_round CHECK (round IN (1, 2)),
    awarded bigint CONSTRAINT ck_issues_awarded CHECK (awarded >= 0),
    grounds text,
    decided_by uuid CONSTRAINT fk_issues_decided_by_admins REFERENCES admins,
    approved_by uuid CONSTRAINT fk_issues_approved_by_admins REFERENCES admins,
    decided_at timestamptz,
    appeal_by timestamptz,
    appealed_by text,
    appeal_grounds text,
    waived_by_buyer boolean NOT NULL DEFAULT false,
    waived_by_seller boolean NOT NULL DEFAULT false,
    ended_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT ck_issues_ended CHECK ((status IN ('effective', 'withdrawn', 'settled')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_issues_order_id_open ON issues (order_id)
    WHERE status NOT IN ('effective', 'withdrawn', 'settled');
CREATE INDEX ix_issues_order_id ON issues (order_id);
CREATE INDEX ix_issues_decide_by_open ON issues (decide_by) WHERE status NOT IN ('effective', 'withdrawn', 'settled');

CREATE TABLE offers (
    id uuid CONSTRAINT pk_offers PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_offers_order_id_orders REFERENCES orders,
    issue_id uuid CONSTRAINT fk_offers_issue_id_issues REFERENCES issues,
    made_by text NOT NULL CONSTRAINT ck_offers_made_by CHECK (made_by IN ('buyer', 'seller')),
    seller_amount bigint NOT NULL CONSTRAINT ck_offers_seller_amount CHECK (seller_amount >= 0),
    note text,
    status text NOT NULL
        CONSTRAINT ck_offers_status CHECK (status IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX uq_offers_order_id_made_by_open ON offers (order_id, made_by) WHERE status = 'open';
CREATE INDEX ix_offers_order_id ON offers (order_id);

CREATE TABLE rulings (
    id uuid CONSTRAINT pk_rulings PRIMARY KEY,
    issue_id uuid NOT NULL CONSTRAINT fk_rulings_issue_id_issues REFERENCES issues,
    order_id uuid NOT NULL CONSTRAINT fk_rulings_order_id_orders REFERENCES orders,
    round integer NOT NULL,
    awarded bigint NOT NULL CONSTRAINT ck_rulings_awarded CHECK (awarded >= 0),
    grounds text NOT NULL,
    decided_by uuid NOT NULL CONSTRAINT fk_rulings_decided_by_admins REFERENCES admins,
    approved_by uuid CONSTRAINT fk_rulings_approved_by_admins REFERENCES admins,
    decided_at timestamptz NOT NULL,
    CONSTRAINT uq_rulings_issue_id_round UNIQUE (issue_id, round)
);

CREATE TABLE statements (
    id uuid CONSTRAINT pk_statements PRIMARY KEY,
    issue_id uuid NOT NULL CONSTRAINT fk_statements_issue_id_issues REFERENCES issues,
    order_id uuid NOT NULL CONSTRAINT fk_statements_order_id_orders REFERENCES orders,
    author text NOT NULL CONSTRAINT ck_statements_author CHECK (author IN ('buyer', 'seller', 'admin')),
    author_id uuid,
    text text NOT NULL,
    evidence_ids uuid[] NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_statements_issue_id_created_at ON statements (issue_id, created_at);

CREATE TABLE order_holds (
    id uuid CONSTRAINT pk_order_holds PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_order_holds_order_id_orders REFERENCES orders,
    reason text NOT NULL,
    note text NOT NULL,
    placed_by uuid NOT NULL CONSTRAINT fk_order_holds_placed_by_admins REFERENCES admins,
    placed_at timestamptz NOT NULL,
    lifted_by uuid CONSTRAINT fk_order_holds_lifted_by_admins REFERENCES admins,
    lift_approved_by uuid CONSTRAINT fk_order_holds_lift_approved_by_admins REFERENCES admins,
    lifted_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX uq_order_holds_order_id_open ON order_holds (order_id) WHERE lifted_at IS NULL;

CREATE TABLE notice_receipts (
    message_id uuid CONSTRAINT pk_notice_receipts PRIMARY KEY,
    subject_id uuid NOT NULL,
    user_id uuid NOT NULL CONSTRAINT fk_notice_receipts_user_id_users REFERENCES users,
    purpose text NOT NULL,
    channel text NOT NULL CONSTRAINT ck_notice_receipts_channel CHECK (channel IN ('sms', 'mail')),
    status text NOT NULL CONSTRAINT ck_notice_receipts_status CHECK (status IN ('accepted', 'delivered', 'failed')),
    at timestamptz NOT NULL
);
CREATE INDEX ix_notice_receipts_subject_id_purpose ON notice_receipts (subject_id, purpose);

-- Whether a payment of an order is being contested: what keeps it on hold besides compliance.
CREATE FUNCTION is_contested(wanted_order uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM chargebacks AS c WHERE c.order_id = wanted_order AND c.status = 'opened')
$$;

CREATE OR REPLACE FUNCTION update_row(target text, row_id uuid, expected integer, changes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    changed text;
    written bigint;
BEGIN
    CASE target
    WHEN 'orders' THEN
        UPDATE orders AS o SET (proposed_by, title, description, amount, buyer_share_bps, fee_buyer, fee_seller,
                                vat_buyer, vat_seller, fee_basis, terms_version, terms_hash, accepted_hash,
                                delivery_hours, inspection_hours, revisions, code_is_acceptance, status,
                                funding_status, close_reason, on_hold, compliance_hold, held_since, funded_amount,
                                released_amount, refunded_amount, released_in_parts, accept_by, fund_by, deliver_by,
                                inspect_by, completed_at, inspection_added_hours, buyer_extended, revisions_used,
                                receipt_extensions, overdue_reminders, last_seq, updated_at, ended_at, version)
            = (SELECT r.proposed_by, r.title, r.description, r.amount, r.buyer_share_bps, r.fee_buyer, r.fee_seller,
                      r.vat_buyer, r.vat_seller, r.fee_basis, r.terms_version, r.terms_hash, r.accepted_hash,
                      r.delivery_hours, r.inspection_hours, r.revisions, r.code_is_acceptance, r.status,
                      r.funding_status, r.close_reason, r.on_hold, r.compliance_hold, r.held_since, r.funded_amount,
                      r.released_amount, r.refunded_amount, r.released_in_parts, r.accept_by, r.fund_by, r.deliver_by,
                      r.inspect_by, r.completed_at, r.inspection_added_hours, r.buyer_extended, r.revisions_used,
                      r.receipt_extensions, r.overdue_reminders, r.last_seq, r.updated_at, r.ended_at, o.version + 1
               FROM jsonb_populate_record(o, changes) AS r)
        WHERE o.id = row_id AND o.version = expected;
    WHEN 'conditions' THEN
        UPDATE conditions AS c SET (status, note, evidence_ids, submitted_at, settled_at, settled_by,
                                    rejection_reason, inspect_by, code_hash, code_tries, version)
            = (SELECT r.status, r.note, r.evidence_ids, r.submitted_at, r.settled_at, r.settled_by,
                      r.rejection_reason, r.inspect_by, r.code_hash, r.code_tries, c.version + 1
               FROM jsonb_populate_record(c, changes) AS r)
        WHERE c.id = row_id AND c.version = expected;
    WHEN 'transactions' THEN
        UPDATE transactions AS t SET (status, provider, provider_reference, received_amount, variance, checkout_url, pay_to,
                                      failure_code, polls, next_poll_at, updated_at, settled_at, version)
            = (SELECT r.status, r.provider, r.provider_reference, r.received_amount, r.variance, r.checkout_url,
                      r.pay_to, r.failure_code, r.polls, r.next_poll_at, r.updated_at, r.settled_at, t.version + 1
               FROM jsonb_populate_record(t, changes) AS r)
        WHERE t.id = row_id AND t.version = expected;
    WHEN 'payout_attempts' THEN
        UPDATE payout_attempts AS a SET (status, provider_reference, failure_code, lease_until, updated_at, version)
            = (SELECT r.status, r.provider_reference, r.failure_code, r.lease_until, r.updated_at, a.version + 1
               FROM jsonb_populate_record(a, changes) AS r)
        WHERE a.id = row_id AND a.version = expected;
    WHEN 'two_factor_admin' THEN
        -- A code is spent by moving the step forward; its step is the guard instead of a version (RFC 6238, 5.2).
        UPDATE two_factor_admin SET last_used_step = (changes ->> 'last_used_step')::bigint, failures = 0
        WHERE admin_id = row_id AND last_used_step < (changes ->> 'last_used_step')::bigint;
    ELSE
        SELECT string_agg(format('%1$I = r.%1$I', name), ', ') INTO changed
        FROM jsonb_object_keys(changes) AS name WHERE name <> 'version';
        EXECUTE format('UPDATE %1$I AS t SET %2$s, version = t.version + 1
                        FROM jsonb_populate_record(NULL::%1$I, $1) AS r WHERE t.id = $2 AND t.version = $3',
                       target, changed)
        USING changes, row_id, expected;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written = 0 THEN
            PERFORM lost_race(target);
        END IF;
        RETURN;
    END CASE;
    IF NOT FOUND THEN
        PERFORM lost_race(target);
    END IF;
END $$;

-- A stale timer removes itself only while it is the one that was due: it may have been armed anew meanwhile.
CREATE OR REPLACE FUNCTION apply_decision(decision jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item jsonb;
BEGIN
    IF decision ? 'answer' THEN
        PERFORM store_answer(decision -> 'answer');
    END IF;
    FOR item IN SELECT jsonb_array_elements(decision -> 'writes') LOOP
        IF item ? 'rows' THEN
            PERFORM insert_rows(item ->> 'table', item -> 'rows');
        ELSE
            PERFORM update_row(item ->> 'table', (item ->> 'id')::uuid, (item ->> 'version')::integer, item -> 'set');
        END IF;
    END LOOP;
    IF decision ? 'journals' THEN
        PERFORM post_journals(decision -> 'accounts', decision -> 'journals', decision -> 'entries');
    END IF;
    IF decision ? 'events' THEN
        INSERT INTO order_events SELECT e.* FROM jsonb_populate_recordset(NULL::order_events, decision -> 'events') AS e;
    END IF;
    IF decision ? 'clear_timers' THEN
        DELETE FROM timers AS t USING jsonb_to_recordset(decision -> 'clear_timers')
            AS c (order_id uuid, kind text, due_until timestamptz)
        WHERE t.order_id = c.order_id AND (c.kind IS NULL OR t.kind = c.kind)
          AND (c.due_until IS NULL OR t.due_at <= c.due_until);
    END IF;
    IF decision ? 'timers' THEN
        INSERT INTO timers (order_id, kind, due_at)
        SELECT t.order_id, t.kind, t.due_at FROM jsonb_populate_recordset(NULL::timers, decision -> 'timers') AS t
        ON CONFLICT (order_id, kind) DO UPDATE SET due_at = excluded.due_at, attempts = 0, lease_until = NULL;
    END IF;
    IF decision ? 'outbox' THEN
        INSERT INTO outbox (id, topic, ordering_key, payload)
        SELECT m.id, m.topic, m.ordering_key, m.payload
        FROM jsonb_populate_recordset(NULL::outbox, decision -> 'outbox') AS m;
    END IF;
    IF decision ? 'audit' THEN
        INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, reason,
                               detail, request_id, ip)
        SELECT a.id, a.actor_kind, a.actor_id, a.session_id, a.action, a.target_type, a.target_id, a.result, a.reason,
               a.detail, a.request_id, a.ip
        FROM jsonb_populate_recordset(NULL::audit_log, decision -> 'audit') AS a;
    END IF;
END $$;
