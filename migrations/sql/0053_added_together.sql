-- Commands that only add rows are written together, as one decision with an answer for each of them: see ADR 0036.
CREATE FUNCTION store_answers(answers jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
BEGIN
    IF EXISTS (SELECT FROM jsonb_array_elements(answers) AS a (answer)
               WHERE NOT pg_try_advisory_xact_lock(
                   hashtextextended((answer ->> 'principal_id') || (answer ->> 'key'), 0))) THEN
        RAISE EXCEPTION 'one of the same requests is being processed' USING ERRCODE = 'KR002';
    END IF;
    INSERT INTO idempotency_keys AS k (principal_id, key, route, fingerprint, status, body, content_type, expires_at)
    SELECT a.principal_id, a.key, a.route, a.fingerprint, a.status, a.body, a.content_type, now() + interval '7 days'
    FROM jsonb_populate_recordset(NULL::idempotency_keys, answers) AS a
    ON CONFLICT (principal_id, key) DO UPDATE
        SET (route, fingerprint, status, body, content_type, created_at, expires_at)
            = (excluded.route, excluded.fingerprint, excluded.status, excluded.body, excluded.content_type, now(),
               excluded.expires_at)
        WHERE k.expires_at < now();
    GET DIAGNOSTICS stored = ROW_COUNT;
    IF stored < jsonb_array_length(answers) THEN
        PERFORM lost_race('one of the idempotency keys');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION insert_rows(target text, items jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    WHEN 'order_terms' THEN
        INSERT INTO order_terms SELECT r.* FROM jsonb_populate_recordset(NULL::order_terms, items) AS r;
    WHEN 'traces' THEN
        INSERT INTO traces SELECT r.* FROM jsonb_populate_recordset(NULL::traces, items) AS r;
    ELSE
        EXECUTE format('INSERT INTO %1$I SELECT r.* FROM jsonb_populate_recordset(NULL::%1$I, $1) AS r', target)
        USING items;
    END CASE;
END $$;

-- As before, and the answers.
CREATE OR REPLACE FUNCTION apply_decision(decision jsonb) RETURNS void LANGUAGE plpgsql
SET enable_seqscan TO off AS $$
DECLARE
    item jsonb;
BEGIN
    IF decision ? 'answer' THEN
        PERFORM store_answer(decision -> 'answer');
    END IF;
    IF decision ? 'answers' THEN
        PERFORM store_answers(decision -> 'answers');
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
    IF decision ? 'trace' THEN
        INSERT INTO traces (row_id, trace_id, request_id)
        SELECT (r.row ->> 'id')::uuid, split_part(decision #>> '{trace,traceparent}', '-', 2)::uuid,
               decision #>> '{trace,request_id}'
        FROM jsonb_array_elements(coalesce(decision -> 'journals', '[]') || coalesce(decision -> 'events', '[]'))
             AS r (row);
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
