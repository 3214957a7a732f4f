DROP TABLE bad_addresses, mail_events, notification_preferences, notifications;
DROP INDEX ix_notice_receipts_user_id_at;
DELETE FROM notice_receipts
WHERE subject_id IS NULL OR channel = 'in_app' OR status NOT IN ('accepted', 'delivered', 'failed');
ALTER TABLE notice_receipts
    DROP CONSTRAINT ck_notice_receipts_evidence,
    DROP CONSTRAINT ck_notice_receipts_channel,
    ADD CONSTRAINT ck_notice_receipts_channel CHECK (channel IN ('sms', 'mail')),
    DROP CONSTRAINT ck_notice_receipts_status,
    ADD CONSTRAINT ck_notice_receipts_status CHECK (status IN ('accepted', 'delivered', 'failed')),
    DROP COLUMN notice_id,
    DROP COLUMN template,
    DROP COLUMN tries,
    DROP COLUMN reason,
    DROP COLUMN provider,
    DROP COLUMN provider_message_id,
    ALTER COLUMN subject_id SET NOT NULL,
    ALTER COLUMN purpose SET NOT NULL;
