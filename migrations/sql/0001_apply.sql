-- The one way a decision is written: state, journals, events, timers, outbox, audit and the stored answer together.
-- SQLSTATEs: KR001 somebody else was first (load and decide again); KR002 the same idempotency key is being processed;
-- KR003 unbalanced journal; KR004 late entry; KR005 reopened order; KR006 downgraded transaction.

CREATE FUNCTION lost_race(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% changed meanwhile', what USING ERRCODE = 'KR001';
END $$;

-- SECURITY DEFINER: the application role may not write ledger tables itself, only through this function.
CREATE FUNCTION post_journals(accounts jsonb, journals jsonb, entries jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)
    SELECT a.id, a.code, a.owner_id, a.qualifier, a.currency, a.normal, a.tracked, a.allow_negative
    FROM jsonb_populate_recordset(NULL::kro_balance, accounts) AS a
    WHERE NOT EXISTS (SELECT FROM kro_balance AS b WHERE b.id = a.id)
    ORDER BY a.id
    ON CONFLICT DO NOTHING;

    -- Ascending account id is the global lock order of balances; without it concurrent journals deadlock.
    PERFORM FROM kro_balance AS b
    WHERE b.id IN (SELECT (a ->> 'id')::uuid FROM jsonb_array_elements(accounts) AS a) AND b.tracked
    ORDER BY b.id FOR UPDATE;

    INSERT INTO ledger_journals (id, kind, source_type, source_id, provider, external_ref, occurred_at, request_id,
                                 actor, reverses_journal_id)
    SELECT j.id, j.kind, j.source_type, j.source_id, j.provider, j.external_ref, j.occurred_at, j.request_id, j.actor,
           j.reverses_journal_id
    FROM jsonb_populate_recordset(NULL::ledger_journals, journals) AS j;

    INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
    SELECT e.journal_id, e.account_id, e.currency, e.amount
    FROM jsonb_to_recordset(entries) AS e (journal_id uuid, account_id uuid, currency text, amount bigint);

    UPDATE kro_balance AS b
    SET balance = b.balance + CASE b.normal WHEN 'credit' THEN -d.amount ELSE d.amount END
    FROM (SELECT e.account_id, sum(e.amount)::bigint AS amount
          FROM jsonb_to_recordset(entries) AS e (account_id uuid, amount bigint) GROUP BY e.account_id) AS d
    WHERE b.id = d.account_id AND b.tracked AND d.amount <> 0;
END $$;

CREATE FUNCTION insert_rows(target text, items jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE target
    WHEN 'orders' THEN
        INSERT INTO orders SELECT r.* FROM jsonb_populate_recordset(NULL::orders, items) AS r;
    WHEN 'conditions' THEN
        INSERT INTO conditions SELECT r.* FROM jsonb_populate_recordset(NULL::conditions, items) AS r;
    WHEN 'transactions' THEN
        INSERT INTO transactions SELECT r.* FROM jsonb_populate_recordset(NULL::transactions, items) AS r;
    WHEN 'payout_approvals' THEN
        INSERT INTO payout_approvals SELECT r.* FROM jsonb_populate_recordset(NULL::payout_approvals, items) AS r;
    WHEN 'payout_attempts' THEN
        INSERT INTO payout_attempts SELECT r.* FROM jsonb_populate_recordset(NULL::payout_attempts, items) AS r;
    WHEN 'refunds' THEN
        INSERT INTO refunds SELECT r.* FROM jsonb_populate_recordset(NULL::refunds, items) AS r;
    WHEN 'evidence' THEN
        INSERT INTO evidence SELECT r.* FROM jsonb_populate_recordset(NULL::evidence, items) AS r;
    WHEN 'bank_accounts' THEN
        INSERT INTO bank_accounts SELECT r.* FROM jsonb_populate_recordset(NULL::bank_accounts, items) AS r;
    WHEN 'fee_quotes' THEN
        INSERT INTO fee_quotes SELECT r.* FROM jsonb_populate_recordset(NULL::fee_quotes, items) AS r;
    END CASE;
END $$;

CREATE FUNCTION update_row(target text, row_id uuid, expected integer, changes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    CASE target
    WHEN 'orders' THEN
        UPDATE orders AS o SET (status, funding_status, close_reason, on_hold, accepted_hash, funded_amount,
                                released_amount, refunded_amount, accept_by, fund_by, deliver_by, inspect_by, last_seq,
                                updated_at, ended_at, version)
            = (SELECT r.status, r.funding_status, r.close_reason, r.on_hold, r.accepted_hash, r.funded_amount,
                      r.released_amount, r.refunded_amount, r.accept_by, r.fund_by, r.deliver_by, r.inspect_by,
                      r.last_seq, r.updated_at, r.ended_at, o.version + 1
               FROM jsonb_populate_record(o, changes) AS r)
        WHERE o.id = row_id AND o.version = expected;
    WHEN 'conditions' THEN
        UPDATE conditions AS c SET (status, note, evidence_ids, submitted_at, settled_at, settled_by, rejection_reason,
                                    version)
            = (SELECT r.status, r.note, r.evidence_ids, r.submitted_at, r.settled_at, r.settled_by, r.rejection_reason,
                      c.version + 1
               FROM jsonb_populate_record(c, changes) AS r)
        WHERE c.id = row_id AND c.version = expected;
    WHEN 'transactions' THEN
        UPDATE transactions AS t SET (status, provider_reference, received_amount, variance, checkout_url, failure_code,
                                      polls, next_poll_at, updated_at, settled_at, version)
            = (SELECT r.status, r.provider_reference, r.received_amount, r.variance, r.checkout_url, r.failure_code,
                      r.polls, r.next_poll_at, r.updated_at, r.settled_at, t.version + 1
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
    END CASE;
    IF NOT FOUND THEN
        PERFORM lost_race(target);
    END IF;
END $$;

CREATE FUNCTION store_answer(answer jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended((answer ->> 'principal_id') || (answer ->> 'key'), 0)) THEN
        RAISE EXCEPTION 'the same request is being processed' USING ERRCODE = 'KR002';
    END IF;
    INSERT INTO idempotency_keys AS k (principal_id, key, route, fingerprint, status, body, content_type, expires_at)
    SELECT a.principal_id, a.key, a.route, a.fingerprint, a.status, a.body, a.content_type, now() + interval '7 days'
    FROM jsonb_populate_record(NULL::idempotency_keys, answer) AS a
    ON CONFLICT (principal_id, key) DO UPDATE
        SET (route, fingerprint, status, body, content_type, created_at, expires_at)
            = (excluded.route, excluded.fingerprint, excluded.status, excluded.body, excluded.content_type, now(),
               excluded.expires_at)
        WHERE k.expires_at < now();
    IF NOT FOUND THEN
        PERFORM lost_race('the idempotency key');
    END IF;
END $$;

CREATE FUNCTION apply_decision(decision jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
        DELETE FROM timers AS t USING jsonb_to_recordset(decision -> 'clear_timers') AS c (order_id uuid, kind text)
        WHERE t.order_id = c.order_id AND (c.kind IS NULL OR t.kind = c.kind);
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

-- Doors for load queries of other modules: one trip may need facts that another module owns. ------------------------

CREATE FUNCTION available_balance(owner uuid, wanted_currency text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT b.balance FROM kro_balance AS b WHERE b.owner_id = owner AND b.code = 'user_available'
                     AND b.qualifier = '' AND b.currency = wanted_currency), 0)
$$;

CREATE FUNCTION held_for_buyer(buyer uuid) RETURNS TABLE (currency text, amount bigint) LANGUAGE sql STABLE AS $$
    SELECT o.currency, sum(o.funded_amount - o.released_amount - o.refunded_amount)::bigint
    FROM orders AS o WHERE o.buyer_id = buyer AND o.funded_amount > o.released_amount + o.refunded_amount
    GROUP BY o.currency
$$;

CREATE FUNCTION payouts_in_transit(owner uuid) RETURNS TABLE (currency text, amount bigint) LANGUAGE sql STABLE AS $$
    SELECT t.currency, sum(t.amount)::bigint
    FROM transactions AS t
    WHERE t.user_id = owner AND t.kind = 'payout'
      AND t.status IN ('awaiting_approval', 'approved', 'submitting', 'submitted', 'unknown')
    GROUP BY t.currency
$$;

CREATE FUNCTION open_payments(wanted_order uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM transactions AS t
    WHERE t.order_id = wanted_order AND t.kind = 'payment' AND t.status IN ('initiated', 'processing', 'unknown')
$$;
