DROP FUNCTION queue_identity_reviews, queue_message_reports, queue_parked_webhooks, queue_dead_letters, queue_holds, queue_breaks,
    queue_chargebacks, queue_proposals, queue_unmatched_money, queue_disputes, queue_refunds, queue_stuck_payouts,
    queue_payouts;
-- The older schema has no place for what was discarded; it is over either way.
UPDATE outbox SET state = 'delivered', delivered_at = next_attempt_at WHERE state = 'discarded';
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_state, ADD CONSTRAINT ck_outbox_state
    CHECK (state IN ('pending', 'delivered', 'dead'));
DROP INDEX ix_refunds_requested, ix_payment_webhook_state_parked;
