-- Down: changes under way and exports are lost, and what is proven of mail addresses. Erased people and those
-- without a phone keep a placeholder that no phone can be.

DROP TABLE data_exports;
DROP TABLE contact_changes;

DELETE FROM magic_link_logs WHERE purpose <> 'order_invite';
ALTER TABLE magic_link_logs
    DROP CONSTRAINT ck_magic_link_logs_order,
    DROP COLUMN used_country,
    DROP COLUMN used_user_agent,
    DROP COLUMN used_ip,
    DROP COLUMN country,
    DROP COLUMN user_agent,
    DROP COLUMN ip,
    DROP COLUMN channel,
    DROP COLUMN subject_id,
    ALTER COLUMN order_id SET NOT NULL,
    ALTER COLUMN user_id SET NOT NULL,
    DROP CONSTRAINT ck_magic_link_logs_purpose,
    ADD CONSTRAINT ck_magic_link_logs_purpose CHECK (purpose IN ('order_invite'));

DELETE FROM verification_codes WHERE phone IS NULL OR purpose NOT IN ('register', 'login');
DROP INDEX ix_verification_codes_created_at;
ALTER TABLE verification_codes
    DROP CONSTRAINT ck_verification_codes_target,
    DROP COLUMN user_id,
    DROP COLUMN email,
    ALTER COLUMN phone SET NOT NULL,
    DROP CONSTRAINT ck_verification_codes_purpose,
    ADD CONSTRAINT ck_verification_codes_purpose CHECK (purpose IN ('register', 'login'));

DROP INDEX ix_users_invited;
UPDATE users SET phone = 'none:' || id WHERE phone IS NULL;
ALTER TABLE users
    DROP COLUMN erased_at,
    DROP COLUMN closed_at,
    DROP COLUMN legal_hold_at,
    DROP COLUMN credentials_changed_at,
    DROP COLUMN email_verified_at,
    ALTER COLUMN phone SET NOT NULL;
