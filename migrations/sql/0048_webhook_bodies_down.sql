-- Bodies go back to their events; of one that was forgotten nothing is left to write there. Nobody can store an event
-- meanwhile.
LOCK TABLE payment_webhook_info, payment_webhook_state, payment_webhook_bodies IN ACCESS EXCLUSIVE MODE;
DROP FUNCTION has_open_webhooks(uuid, uuid), drop_webhook_months(integer, timestamptz),
    forget_webhook_bodies(uuid[], bytea[]);
DROP TRIGGER forgets_only ON payment_webhook_info;
DROP TRIGGER append_only ON payment_webhook_info;
UPDATE payment_webhook_info AS i SET body = b.body
FROM payment_webhook_bodies AS b WHERE b.webhook_id = i.id;
UPDATE payment_webhook_info SET body = '' WHERE body IS NULL;
ALTER TABLE payment_webhook_info
    ALTER COLUMN body SET NOT NULL,
    DROP COLUMN body_sha256;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_webhook_info
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payment_webhook_state ADD CONSTRAINT fk_payment_webhook_state_webhook_id_payment_webhook_info
    FOREIGN KEY (webhook_id) REFERENCES payment_webhook_info;
DROP TABLE payment_webhook_bodies;
