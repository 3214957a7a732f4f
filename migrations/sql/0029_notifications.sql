CREATE TABLE notifications (
    id uuid CONSTRAINT pk_notifications PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_notifications_user_id_users REFERENCES users,
    template text NOT NULL,
    reader text NOT NULL CONSTRAINT ck_notifications_reader CHECK (reader IN ('buyer', 'seller', 'owner')),
    topic text NOT NULL,
    weight text NOT NULL CONSTRAINT ck_notifications_weight CHECK (weight IN ('critical', 'important', 'informative')),
    language text NOT NULL CONSTRAINT ck_notifications_language CHECK (language IN ('en', 'pcm')),
    title text NOT NULL,
    body text NOT NULL,
    about text,
    created_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX ix_notifications_user_id_created_at_id ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX ix_notifications_user_id_unread ON notifications (user_id, created_at) WHERE read_at IS NULL;

-- What nobody has said anything about is on. ``muted`` holds ``group.channel``; quiet hours are minutes after midnight
-- in Lagos.
CREATE TABLE notification_preferences (
    user_id uuid CONSTRAINT pk_notification_preferences PRIMARY KEY
        CONSTRAINT fk_notification_preferences_user_id_users REFERENCES users,
    language text NOT NULL CONSTRAINT ck_notification_preferences_language CHECK (language IN ('en', 'pcm')),
    muted text[] NOT NULL,
    quiet_from smallint CONSTRAINT ck_notification_preferences_quiet_from CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until smallint CONSTRAINT ck_notification_preferences_quiet_until CHECK (quiet_until BETWEEN 0 AND 1439),
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_notification_preferences_quiet CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);

-- Every notice by every channel gets its row before it leaves, so that one whose worker died is not sent again blindly.
-- A subject and a purpose make it evidence.
ALTER TABLE notice_receipts
    ALTER COLUMN subject_id DROP NOT NULL,
    ALTER COLUMN purpose DROP NOT NULL,
    ADD COLUMN notice_id uuid,
    ADD COLUMN template text,
    ADD COLUMN tries integer NOT NULL DEFAULT 1,
    ADD COLUMN reason text,
    ADD COLUMN provider text,
    ADD COLUMN provider_message_id text,
    DROP CONSTRAINT ck_notice_receipts_channel,
    ADD CONSTRAINT ck_notice_receipts_channel CHECK (channel IN ('sms', 'mail', 'in_app')),
    DROP CONSTRAINT ck_notice_receipts_status,
    ADD CONSTRAINT ck_notice_receipts_status
        CHECK (status IN ('waiting', 'sending', 'accepted', 'delivered', 'failed', 'unknown', 'skipped')),
    ADD CONSTRAINT ck_notice_receipts_evidence CHECK ((subject_id IS NULL) = (purpose IS NULL));
CREATE INDEX ix_notice_receipts_user_id_at ON notice_receipts (user_id, at DESC, message_id DESC);

CREATE TABLE mail_events (
    id text CONSTRAINT pk_mail_events PRIMARY KEY,
    message_id uuid,
    kind text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_mail_events_received_at ON mail_events (received_at);

-- Mailboxes that do not exist, or whose owners call our mail spam: in lower case. One that took mail later is good.
CREATE TABLE bad_addresses (
    address text CONSTRAINT pk_bad_addresses PRIMARY KEY,
    reason text NOT NULL CONSTRAINT ck_bad_addresses_reason CHECK (reason IN ('bounced', 'dropped', 'spam_report')),
    bad_at timestamptz NOT NULL,
    good_at timestamptz
);
