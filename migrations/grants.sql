-- What the application role may do: nothing that is not listed. It owns nothing, and ledger tables change only through
-- post_journals. Run after every migration; safe to repeat.

DO $$
DECLARE
    present boolean := to_regclass('public.orders') IS NOT NULL;
BEGIN
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM kro_app;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO kro_app;
    IF NOT present THEN
        RETURN;
    END IF;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO kro_app;
    GRANT INSERT, UPDATE ON users, sessions, admins, two_factor_admin, verification_codes, bank_accounts, orders,
        conditions, transactions, payout_attempts, payment_webhook_state, refunds, idempotency_keys, timers, outbox,
        job_claims, rate_limits, condition_templates, fee_configuration, user_roles TO kro_app;
    GRANT INSERT ON fee_quotes, evidence, order_events, payout_approvals, payment_webhook_info, audit_log TO kro_app;
    GRANT DELETE ON timers, rate_limits, idempotency_keys, outbox TO kro_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO kro_app;
END $$;
