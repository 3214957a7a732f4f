-- What the application role may do: nothing that is not listed. It owns nothing, and ledger tables change only through
-- post_journals. Run after every migration, whatever its revision; safe to repeat.

DO $$
DECLARE
    granted record;
BEGIN
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM kro_app;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO kro_app;
    IF to_regclass('public.orders') IS NULL THEN
        RETURN;
    END IF;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO kro_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO kro_app;
    FOR granted IN
        SELECT g.rights, tables.name FROM (VALUES
            ('INSERT, UPDATE', 'users, sessions, admins, two_factor_admin, verification_codes, user_roles'),
            ('INSERT, UPDATE, DELETE', 'two_factor_user, recovery_codes'),
            ('INSERT, UPDATE', 'step_up_challenges, admin_enrolments'),
            ('INSERT, UPDATE', 'bank_accounts, job_claims, condition_templates, fee_configuration, tax_rules'),
            ('INSERT, UPDATE', 'orders, conditions'),
            ('INSERT, UPDATE', 'transactions, payout_attempts, payment_webhook_state, refunds'),
            ('INSERT, UPDATE', 'refund_attempts'),
            ('INSERT', 'refund_approvals'),
            ('INSERT', 'fee_quotes, evidence, order_events, payout_approvals, payment_webhook_info'),
            ('INSERT', 'payment_webhook_bodies'),
            -- When a row was written, and by which transaction, is for the database to say.
            ('INSERT (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, reason, detail, '
             'request_id, ip)', 'audit_log'),
            ('INSERT', 'audit_seals, audit_exports'),
            ('INSERT, DELETE', 'user_notes'),
            ('UPDATE', 'audit_head'),
            ('INSERT', 'reconciliation_lines, reconciliation_matches'),
            ('INSERT, UPDATE', 'reconciliation_imports, reconciliation_runs, reconciliation_breaks'),
            ('INSERT', 'payout_history'),
            ('INSERT, UPDATE', 'proposals, suspense_items, chargebacks'),
            ('INSERT, UPDATE', 'payout_alarms, payout_resolutions'),
            ('INSERT, DELETE', 'outgoing_calls'),
            ('INSERT, DELETE', 'payers'),
            ('INSERT, UPDATE', 'virtual_accounts, provider_switches'),
            ('INSERT, UPDATE', 'issues, offers, order_holds, notice_receipts'),
            ('INSERT, UPDATE, DELETE', 'text_attempts, text_reports, text_spend'),
            ('INSERT, UPDATE', 'text_switches'),
            ('INSERT, UPDATE', 'rider_links'),
            ('INSERT, UPDATE', 'kyc_tier_limits'),
            ('INSERT, UPDATE, DELETE', 'identity_checks'),
            ('INSERT', 'consents'),
            ('INSERT, UPDATE, DELETE', 'notifications, notification_preferences, bad_addresses'),
            ('INSERT, DELETE', 'mail_events'),
            ('INSERT, UPDATE', 'sanction_lists'),
            ('INSERT, UPDATE, DELETE', 'sanction_matches, user_freezes'),
            ('INSERT, DELETE', 'sanction_names'),
            ('INSERT', 'rulings, statements'),
            ('INSERT, UPDATE', 'backfills'),
            ('INSERT, UPDATE, DELETE', 'evidence_uploads'),
            ('INSERT, UPDATE', 'order_messages'),
            ('INSERT', 'message_reports, order_ratings, order_codes'),
            ('INSERT, DELETE', 'user_blocks'),
            ('INSERT', 'order_terms'),
            ('INSERT, UPDATE', 'amendments, magic_link_logs'),
            ('INSERT, UPDATE', 'contact_changes, data_exports'),
            ('INSERT', 'import_records'),
            ('INSERT, DELETE', 'traces'),
            ('DELETE', 'verification_codes, sessions, magic_link_logs, step_up_challenges, fee_quotes'),
            ('INSERT, UPDATE, DELETE', 'timers, rate_limits, idempotency_keys, outbox')
        ) AS g (rights, names), regexp_split_to_table(g.names, ', ') AS tables (name)
        WHERE to_regclass('public.' || tables.name) IS NOT NULL
    LOOP
        EXECUTE format('GRANT %s ON %I TO kro_app', granted.rights, granted.name);
    END LOOP;
END $$;
