-- What waits for people, each queue asked through a door of the module it belongs to: how many, the oldest, and by when
-- the next one is due. Every one is answered from a partial index, and counting stops at a thousand.
CREATE INDEX ix_refunds_requested ON refunds (created_at) WHERE status = 'requested';
CREATE INDEX ix_payment_webhook_state_parked ON payment_webhook_state (webhook_id) WHERE state = 'parked';

-- A dead message that somebody decided not to send.
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_state, ADD CONSTRAINT ck_outbox_state
    CHECK (state IN ('pending', 'delivered', 'dead', 'discarded'));

CREATE FUNCTION queue_payouts() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT t.created_at FROM transactions AS t WHERE t.kind = 'payout' AND t.status = 'awaiting_approval'
        ORDER BY t.created_at LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_stuck_payouts() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT q.payout_id), min(q.raised_at), NULL::timestamptz FROM (
        SELECT a.payout_id, a.raised_at FROM payout_alarms AS a
        WHERE a.settled_at IS NULL AND a.kind <> 'open_for_an_hour' ORDER BY a.raised_at LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_refunds() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT r.created_at FROM refunds AS r WHERE r.status = 'requested' ORDER BY r.created_at LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_disputes() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.escalated_at), min(q.decide_by) FROM (
        SELECT i.escalated_at, i.decide_by FROM issues AS i
        WHERE i.status NOT IN ('effective', 'withdrawn', 'settled') AND i.escalated_at IS NOT NULL
        ORDER BY i.decide_by LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_unmatched_money() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT s.created_at FROM suspense_items AS s WHERE s.next_alarm_at IS NOT NULL LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_proposals() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT p.created_at FROM proposals AS p WHERE p.status = 'proposed' LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_chargebacks() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), min(q.due_at) FROM (
        SELECT c.created_at, c.due_at FROM chargebacks AS c WHERE c.status = 'opened' LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_breaks() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.opened_at), NULL::timestamptz FROM (
        SELECT b.opened_at FROM reconciliation_breaks AS b WHERE b.status = 'open' ORDER BY b.opened_at LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_holds() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.placed_at), NULL::timestamptz FROM (
        SELECT h.placed_at FROM order_holds AS h WHERE h.lifted_at IS NULL LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_dead_letters() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT o.created_at FROM outbox AS o WHERE o.state = 'dead' ORDER BY o.id LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_parked_webhooks() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.received_at), NULL::timestamptz FROM (
        SELECT i.received_at FROM payment_webhook_state AS s JOIN payment_webhook_info AS i ON i.id = s.webhook_id
        WHERE s.state = 'parked' LIMIT 1000) AS q
$$;

-- Nobody closes a report; these are the ones of the last week.
CREATE FUNCTION queue_message_reports() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT r.created_at FROM message_reports AS r WHERE r.created_at > now() - interval '7 days'
        ORDER BY r.created_at DESC LIMIT 1000) AS q
$$;

CREATE FUNCTION queue_identity_reviews() RETURNS TABLE (waiting bigint, oldest timestamptz, due timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT count(*), min(q.created_at), NULL::timestamptz FROM (
        SELECT c.created_at FROM identity_checks AS c
        WHERE c.status IN ('pending', 'review') AND c.status = 'review' LIMIT 1000) AS q
$$;
