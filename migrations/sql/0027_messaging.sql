-- Texts on their way: one row for each hand-over to a vendor, what the vendors reported, what was spent, and what is
-- switched off. The number is kept as a blind index and masked, the text not at all.
CREATE TABLE text_attempts (
    id uuid CONSTRAINT pk_text_attempts PRIMARY KEY,
    message_id text NOT NULL,
    notice_id uuid,
    subject_id uuid,
    purpose text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_text_attempts_kind CHECK (kind IN ('code', 'notice')),
    route text NOT NULL,
    provider text NOT NULL,
    channel text NOT NULL CONSTRAINT ck_text_attempts_channel CHECK (channel IN ('sms', 'whatsapp')),
    provider_message_id text,
    number_index text NOT NULL,
    number_shown text NOT NULL,
    country text NOT NULL,
    network text NOT NULL,
    number_range text NOT NULL,
    carrier text,
    state text NOT NULL DEFAULT 'sending' CONSTRAINT ck_text_attempts_state
        CHECK (state IN ('sending', 'refused', 'unknown', 'accepted', 'sent', 'failed', 'delivered', 'read')),
    rank smallint NOT NULL DEFAULT 0,
    error text,
    estimate_minor bigint NOT NULL CONSTRAINT ck_text_attempts_estimate_minor CHECK (estimate_minor >= 0),
    cost_micros bigint,
    cost_currency text,
    spent_on date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted_at timestamptz,
    delivered_at timestamptz,
    follow_up_at timestamptz,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX uq_text_attempts_provider_message_id ON text_attempts (provider, provider_message_id)
    WHERE provider_message_id IS NOT NULL;
CREATE INDEX ix_text_attempts_message_id ON text_attempts (message_id);
CREATE INDEX ix_text_attempts_notice_id ON text_attempts (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX ix_text_attempts_number_index ON text_attempts (number_index, delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX ix_text_attempts_follow_up_at ON text_attempts (follow_up_at) WHERE follow_up_at IS NOT NULL;
CREATE INDEX ix_text_attempts_created_at ON text_attempts (created_at);

-- Every state a vendor told, once: also of messages that are not ours, and of ours before we knew their ids.
CREATE TABLE text_reports (
    provider text NOT NULL,
    provider_message_id text NOT NULL,
    state text NOT NULL CONSTRAINT ck_text_reports_state CHECK (state IN ('sent', 'failed', 'delivered', 'read')),
    rank smallint NOT NULL,
    error text,
    is_final boolean NOT NULL,
    is_known boolean NOT NULL,
    times integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_text_reports PRIMARY KEY (provider, provider_message_id, state)
);
CREATE INDEX ix_text_reports_last_at ON text_reports (last_at);

CREATE TABLE text_spend (
    day date NOT NULL,
    scope text NOT NULL CONSTRAINT ck_text_spend_scope CHECK (scope IN ('total', 'country', 'provider', 'number')),
    subject text NOT NULL,
    spent_minor bigint NOT NULL DEFAULT 0,
    alarmed smallint NOT NULL DEFAULT 0,
    CONSTRAINT pk_text_spend PRIMARY KEY (day, scope, subject)
);

CREATE TABLE text_switches (
    scope text NOT NULL
        CONSTRAINT ck_text_switches_scope CHECK (scope IN ('route', 'provider', 'channel', 'country', 'range')),
    subject text NOT NULL,
    state text NOT NULL CONSTRAINT ck_text_switches_state CHECK (state IN ('on', 'off')),
    reason text NOT NULL,
    changed_by uuid,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_text_switches PRIMARY KEY (scope, subject)
);

-- What a notice's receipt says after all that became of its texts: the best of them, and lost only when all are.
CREATE FUNCTION text_receipt_status(wanted_notice uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN max(rank) >= 5 THEN 'delivered' WHEN bool_or(rank IN (2, 3)) THEN 'accepted'
                WHEN max(rank) = 4 THEN 'failed' ELSE 'accepted' END
    FROM text_attempts WHERE notice_id = wanted_notice
$$;

CREATE FUNCTION settle_text_receipt(wanted_notice uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE notice_receipts AS r SET status = text_receipt_status(wanted_notice)
    WHERE r.message_id = wanted_notice AND r.channel = 'sms' AND r.status <> text_receipt_status(wanted_notice)
$$;

-- Begins an attempt if it fits under every cap, and says which cap it does not fit under otherwise. The caps come in one
-- order from everybody, so that two attempts never wait for each other in a circle. An alarm is written once a day for
-- each level of a cap, in the same transaction as the spending that reached it.
CREATE FUNCTION begin_text_attempt(attempt jsonb, caps jsonb, alarm_ids uuid[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    cap record;
    spent bigint;
    level integer;
    price bigint := (attempt ->> 'estimate_minor')::bigint;
    today date := (attempt ->> 'spent_on')::date;
    refused text;
BEGIN
    BEGIN
        FOR cap IN SELECT c.scope, c.subject, c.most, c.place
                   FROM ROWS FROM (jsonb_to_recordset(caps) AS (scope text, subject text, most bigint))
                   WITH ORDINALITY AS c (scope, subject, most, place) ORDER BY c.place LOOP
            INSERT INTO text_spend AS s (day, scope, subject, spent_minor)
            SELECT today, cap.scope, cap.subject, price WHERE price <= cap.most
            ON CONFLICT (day, scope, subject) DO UPDATE SET spent_minor = s.spent_minor + price
            WHERE s.spent_minor + price <= cap.most
            RETURNING s.spent_minor INTO spent;
            IF spent IS NULL THEN
                refused := cap.scope;
                RAISE EXCEPTION 'cap' USING ERRCODE = 'KR022';
            END IF;
            level := CASE WHEN spent * 10 >= cap.most * 8 THEN 80 WHEN spent * 2 >= cap.most THEN 50 ELSE 0 END;
            PERFORM alarm_text_spend(today, cap.scope, cap.subject, level, spent, cap.most, alarm_ids[cap.place]);
            spent := NULL;
        END LOOP;
        INSERT INTO text_attempts (id, message_id, notice_id, subject_id, purpose, kind, route, provider, channel,
                                   number_index, number_shown, country, network, number_range, carrier, estimate_minor,
                                   spent_on)
        SELECT a.id, a.message_id, a.notice_id, a.subject_id, a.purpose, a.kind, a.route, a.provider, a.channel,
               a.number_index, a.number_shown, a.country, a.network, a.number_range, a.carrier, a.estimate_minor,
               a.spent_on
        FROM jsonb_populate_record(NULL::text_attempts, attempt) AS a;
    EXCEPTION WHEN SQLSTATE 'KR022' THEN
        PERFORM alarm_text_spend(today, cap.scope, cap.subject, 100, cap.most, cap.most, alarm_ids[cap.place]);
    END;
    RETURN refused;
END $$;

CREATE FUNCTION alarm_text_spend(
    today date, wanted_scope text, wanted_subject text, level integer, spent bigint, most bigint, alarm_id uuid
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- What one number may cost is a limit and no news; the others are the budget.
    IF level = 0 OR wanted_scope = 'number' THEN
        RETURN;
    END IF;
    INSERT INTO text_spend AS s (day, scope, subject, alarmed) VALUES (today, wanted_scope, wanted_subject, level)
    ON CONFLICT (day, scope, subject) DO UPDATE SET alarmed = level WHERE s.alarmed < level;
    IF FOUND THEN
        INSERT INTO outbox (id, topic, payload) VALUES (alarm_id, 'alert', jsonb_build_object(
            'kind', 'text_spend',
            'subject', format('Texts have used %s %% of today''s budget (%s)', level,
                              trim(wanted_scope || ' ' || wanted_subject)),
            'detail', format('%s of %s (minor units) are spent on %s. At 100 %% texts stop there for the day.',
                             spent, most, today)));
    END IF;
END $$;

-- A vendor has taken a message. What it reported before we knew its id counts from here on; the lock makes sure that
-- one of the two, report and acceptance, sees the other.
CREATE FUNCTION record_text_acceptance(
    attempt_id uuid, vendor_id text, micros bigint, currency text, patience double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whose text;
    report text_reports;
BEGIN
    SELECT a.provider INTO whose FROM text_attempts AS a WHERE a.id = attempt_id;
    PERFORM pg_advisory_xact_lock(hashtextextended(whose || ' ' || vendor_id, 22));
    UPDATE text_attempts AS a
    SET provider_message_id = vendor_id, accepted_at = coalesce(a.accepted_at, clock_timestamp()),
        state = CASE WHEN a.rank < 2 THEN 'accepted' ELSE a.state END, rank = greatest(a.rank, 2::smallint),
        error = CASE WHEN a.rank < 2 THEN NULL ELSE a.error END,
        cost_micros = coalesce(micros, a.cost_micros), cost_currency = coalesce(currency, a.cost_currency),
        follow_up_at = CASE WHEN a.rank < 4 AND a.replaced_at IS NULL
                            THEN clock_timestamp() + make_interval(secs => patience) ELSE a.follow_up_at END
    WHERE a.id = attempt_id;
    FOR report IN SELECT * FROM text_reports AS r WHERE r.provider = whose AND r.provider_message_id = vendor_id LOOP
        PERFORM move_text_attempt(attempt_id, report.state, report.rank, report.error, report.is_final, NULL, NULL);
    END LOOP;
    UPDATE text_reports AS r SET is_known = true WHERE r.provider = whose AND r.provider_message_id = vendor_id;
    PERFORM settle_text_receipt(a.notice_id) FROM text_attempts AS a WHERE a.id = attempt_id;
END $$;

-- Forward only: of all states a vendor reports the highest remains, whatever order they come in.
CREATE FUNCTION move_text_attempt(
    attempt_id uuid, told text, told_rank smallint, why text, is_final boolean, micros bigint, currency text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE text_attempts AS a
    SET cost_micros = coalesce(micros, a.cost_micros), cost_currency = coalesce(currency, a.cost_currency)
    WHERE a.id = attempt_id AND micros IS NOT NULL;
    UPDATE text_attempts AS a
    SET state = told, rank = told_rank, error = why,
        delivered_at = CASE WHEN told_rank >= 5 THEN coalesce(a.delivered_at, clock_timestamp()) END,
        follow_up_at = CASE WHEN told_rank >= 5 THEN NULL
                            WHEN told_rank = 4 THEN CASE WHEN NOT is_final AND a.replaced_at IS NULL
                                                         THEN clock_timestamp() END
                            ELSE a.follow_up_at END
    WHERE a.id = attempt_id AND a.rank < told_rank;
    IF told_rank >= 5 THEN
        UPDATE text_attempts AS other SET follow_up_at = NULL FROM text_attempts AS a
        WHERE a.id = attempt_id AND other.message_id = a.message_id AND other.follow_up_at IS NOT NULL;
    END IF;
END $$;

-- A vendor's report, from a verified webhook. `reference` is our own id where the vendor repeats it.
CREATE FUNCTION record_text_report(
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
    PERFORM settle_text_receipt(attempt.notice_id);
    RETURN CASE WHEN is_new THEN 'new' ELSE 'repeated' END;
END $$;
