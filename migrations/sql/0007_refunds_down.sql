DROP FUNCTION refunds_in_transit(uuid);
DROP TRIGGER permanent ON refunds;
DROP TRIGGER never_altered ON refunds;
DROP TRIGGER never_downgrade ON refunds;
DROP FUNCTION refuse_refund_change();
DROP TABLE refund_approvals;
DROP TABLE refund_attempts;
DROP INDEX ix_refunds_user_id_in_transit;
DROP INDEX ix_refunds_created_at_id;
DROP INDEX ix_refunds_next_poll_at;
DROP INDEX ix_refunds_payment_id;

ALTER TABLE refunds
    DROP CONSTRAINT ck_refunds_escrow,
    DROP CONSTRAINT ck_refunds_subject,
    DROP CONSTRAINT ck_refunds_source,
    DROP CONSTRAINT ck_refunds_status,
    ADD CONSTRAINT ck_refunds_status CHECK (status IN ('requested', 'approved', 'sending', 'processed', 'failed')),
    DROP COLUMN updated_at,
    DROP COLUMN version,
    DROP COLUMN alarms,
    DROP COLUMN next_poll_at,
    DROP COLUMN polls,
    DROP COLUMN failure_code,
    DROP COLUMN approvals_required,
    DROP COLUMN requested_by,
    DROP COLUMN note,
    DROP COLUMN provider,
    DROP COLUMN vat,
    DROP COLUMN fee,
    DROP COLUMN place,
    DROP COLUMN origin,
    DROP COLUMN payment_id,
    ALTER COLUMN order_id SET NOT NULL;
