CREATE OR REPLACE FUNCTION apply_decision(decision jsonb) RETURNS void LANGUAGE plpgsql
SET enable_seqscan TO off AS $$
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
    ELSE
        EXECUTE format('INSERT INTO %1$I SELECT r.* FROM jsonb_populate_recordset(NULL::%1$I, $1) AS r', target)
        USING items;
    END CASE;
END $$;

DROP FUNCTION store_answers(jsonb);
