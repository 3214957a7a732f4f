-- Forward only, as attempts are. The row is locked first: of two reports of one notice at once the second sees what the
-- first one wrote, and does not settle by what was true before.
CREATE OR REPLACE FUNCTION settle_text_receipt(wanted_notice uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM notice_receipts AS r WHERE r.message_id = wanted_notice AND r.channel = 'sms' FOR UPDATE;
    UPDATE notice_receipts AS r SET status = text_receipt_status(wanted_notice)
    WHERE r.message_id = wanted_notice AND r.channel = 'sms' AND r.status <> 'delivered'
      AND r.status <> text_receipt_status(wanted_notice);
END $$;

-- As before, but a report that moves nothing settles nothing: a failure that is told again after another way was chosen
-- would end that way before it began.
CREATE OR REPLACE FUNCTION record_text_report(
    whose text, vendor_id text, reference uuid, told text, told_rank smallint, why text, is_final boolean,
    micros bigint, currency text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    attempt text_attempts;
    is_new boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(whose || ' ' || vendor_id, 22));
    SELECT a.* INTO attempt FROM text_attempts AS a WHERE a.provider = whose AND a.provider_message_id = vendor_id;
    IF NOT FOUND AND reference IS NOT NULL THEN
        SELECT a.* INTO attempt FROM text_attempts AS a
        WHERE a.id = reference AND a.provider = whose AND a.provider_message_id IS NULL;
    END IF;
    INSERT INTO text_reports AS r (provider, provider_message_id, state, rank, error, is_final, is_known)
    VALUES (whose, vendor_id, told, told_rank, why, is_final, attempt.id IS NOT NULL)
    ON CONFLICT (provider, provider_message_id, state) DO UPDATE SET times = r.times + 1, last_at = now()
    RETURNING r.times = 1 INTO is_new;
    IF attempt.id IS NULL THEN
        RETURN 'unknown';
    END IF;
    UPDATE text_attempts AS a SET provider_message_id = vendor_id
    WHERE a.id = attempt.id AND a.provider_message_id IS NULL;
    PERFORM move_text_attempt(attempt.id, told, told_rank, why, is_final, micros, currency);
    IF attempt.rank < told_rank THEN
        PERFORM settle_text_receipt(attempt.notice_id);
    END IF;
    RETURN CASE WHEN is_new THEN 'new' ELSE 'repeated' END;
END $$;

-- Turns in which nothing was tried, because news of an earlier try was still awaited.
ALTER TABLE outbox ADD COLUMN waits integer NOT NULL DEFAULT 0;
