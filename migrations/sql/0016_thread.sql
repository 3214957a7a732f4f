-- When an order was first contested: from then on nothing that was said about it can be taken back. The database notes
-- it itself, whichever way the order came there.
ALTER TABLE orders ADD COLUMN contested_at timestamptz;

CREATE FUNCTION note_contest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.contested_at := now();
    RETURN NEW;
END $$;

CREATE TRIGGER note_contest BEFORE UPDATE OF status ON orders FOR EACH ROW
    WHEN (NEW.status IN ('issue_reported', 'disputed') AND OLD.contested_at IS NULL) EXECUTE FUNCTION note_contest();

UPDATE orders AS o SET contested_at = o.updated_at
WHERE o.status IN ('issue_reported', 'disputed') OR EXISTS (SELECT FROM issues AS i WHERE i.order_id = o.id);

-- What the parties of an order write to each other. The original is for its author and for those who decide disputes,
-- the shown text for everybody else.
CREATE TABLE order_messages (
    id uuid CONSTRAINT pk_order_messages PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_order_messages_order_id_orders REFERENCES orders,
    seq integer NOT NULL CONSTRAINT ck_order_messages_seq CHECK (seq > 0),
    author_kind text NOT NULL
        CONSTRAINT ck_order_messages_author_kind CHECK (author_kind IN ('buyer', 'seller', 'admin')),
    author_id uuid NOT NULL,
    original text NOT NULL,
    shown text NOT NULL,
    warnings text[] NOT NULL,
    evidence_ids uuid[] NOT NULL,
    notified boolean NOT NULL,
    created_at timestamptz NOT NULL,
    redacted_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT uq_order_messages_order_id_seq UNIQUE (order_id, seq)
);
CREATE INDEX ix_order_messages_notified ON order_messages (order_id, author_id, created_at) WHERE notified;

CREATE FUNCTION guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    contested timestamptz;
BEGIN
    IF OLD.redacted_at IS NOT NULL OR NEW.redacted_at IS NULL
       OR to_jsonb(NEW) - 'redacted_at' - 'version' <> to_jsonb(OLD) - 'redacted_at' - 'version' THEN
        RAISE EXCEPTION 'a message can only be taken back, once' USING ERRCODE = 'restrict_violation';
    END IF;
    -- The lock makes a report of an issue that is being written go first, or wait.
    SELECT o.contested_at INTO contested FROM orders AS o WHERE o.id = OLD.order_id FOR SHARE;
    IF contested IS NOT NULL THEN
        PERFORM lost_race('the order of the message');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard_message BEFORE UPDATE ON order_messages FOR EACH ROW EXECUTE FUNCTION guard_message();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON order_messages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE message_reports (
    id uuid CONSTRAINT pk_message_reports PRIMARY KEY,
    message_id uuid NOT NULL CONSTRAINT fk_message_reports_message_id_order_messages REFERENCES order_messages,
    reported_by uuid NOT NULL CONSTRAINT fk_message_reports_reported_by_users REFERENCES users,
    category text NOT NULL CONSTRAINT ck_message_reports_category CHECK (category IN (
        'off_platform_payment', 'fraud', 'abuse', 'threat', 'spam', 'other')),
    note text,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_message_reports_message_id_reported_by UNIQUE (message_id, reported_by)
);
CREATE INDEX ix_message_reports_created_at_id ON message_reports (created_at DESC, id DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_reports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE user_blocks (
    user_id uuid NOT NULL CONSTRAINT fk_user_blocks_user_id_users REFERENCES users,
    blocked_id uuid NOT NULL CONSTRAINT fk_user_blocks_blocked_id_users REFERENCES users,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_user_blocks PRIMARY KEY (user_id, blocked_id),
    CONSTRAINT ck_user_blocks_others CHECK (user_id <> blocked_id)
);

-- A door for load queries of other modules.
CREATE FUNCTION has_blocked(who uuid, whom uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM user_blocks AS b WHERE b.user_id = who AND b.blocked_id = whom)
$$;

-- Whether two people have an order with each other, whoever buys.
CREATE INDEX ix_orders_buyer_id_seller_id_created_at_id ON orders (buyer_id, seller_id, created_at DESC, id DESC);

CREATE FUNCTION have_traded(one uuid, other uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM orders AS o WHERE o.buyer_id = one AND o.seller_id = other)
        OR EXISTS (SELECT FROM orders AS o WHERE o.buyer_id = other AND o.seller_id = one)
$$;

-- Lists and search ---------------------------------------------------------------------------------------------------
-- The status an order ended in, noted once. An index on the status itself would be written at every step of an order;
-- ones on what changes only at its end leave all other steps with the cheap kind of update (HOT).
ALTER TABLE orders ADD COLUMN ended_as text;
ALTER TABLE orders DISABLE TRIGGER USER;
UPDATE orders SET ended_as = status WHERE ended_at IS NOT NULL;
ALTER TABLE orders ENABLE TRIGGER USER;
ALTER TABLE orders ADD CONSTRAINT ck_orders_ended_as
    CHECK (ended_as IS NOT DISTINCT FROM CASE WHEN ended_at IS NOT NULL THEN status END);

CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ended_as := NEW.status;
    RETURN NEW;
END $$;

CREATE TRIGGER note_end BEFORE INSERT OR UPDATE OF ended_at ON orders FOR EACH ROW
    WHEN (NEW.ended_at IS NOT NULL AND NEW.ended_as IS NULL) EXECUTE FUNCTION note_end();

CREATE INDEX ix_orders_buyer_id_open ON orders (buyer_id, created_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX ix_orders_seller_id_open ON orders (seller_id, created_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX ix_orders_open ON orders (created_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX ix_orders_buyer_id_ended ON orders (buyer_id, ended_as, created_at DESC, id DESC)
    WHERE ended_as IS NOT NULL;
CREATE INDEX ix_orders_seller_id_ended ON orders (seller_id, ended_as, created_at DESC, id DESC)
    WHERE ended_as IS NOT NULL;
CREATE INDEX ix_orders_ended ON orders (ended_as, created_at DESC, id DESC) WHERE ended_as IS NOT NULL;
CREATE INDEX ix_orders_on_hold ON orders (created_at DESC, id DESC) WHERE on_hold;

-- What people say to name an order: the last six letters of its shown id, which are its last 30 bits. One expression,
-- so that the planner can put it where it is called.
CREATE FUNCTION order_code(id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + ((get_byte(uuid_send(id), 12) & 62) >> 1), 1)
        || substr('0123456789abcdefghjkmnpqrstvwxyz',
                  1 + (((get_byte(uuid_send(id), 12) & 1) << 4) | (get_byte(uuid_send(id), 13) >> 4)), 1)
        || substr('0123456789abcdefghjkmnpqrstvwxyz',
                  1 + (((get_byte(uuid_send(id), 13) & 15) << 1) | (get_byte(uuid_send(id), 14) >> 7)), 1)
        || substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + ((get_byte(uuid_send(id), 14) >> 2) & 31), 1)
        || substr('0123456789abcdefghjkmnpqrstvwxyz',
                  1 + (((get_byte(uuid_send(id), 14) & 3) << 3) | (get_byte(uuid_send(id), 15) >> 5)), 1)
        || substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + (get_byte(uuid_send(id), 15) & 31), 1)
$$;

-- The words of the title, and as words of their own kind the code and both parties: one index finds the few orders of
-- one person with a word among millions of either. An index is built without a search path: schemas are named.
CREATE FUNCTION order_words(id uuid, buyer_id uuid, seller_id uuid, title text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple'::regconfig, title)
        || array_to_tsvector(ARRAY['#' || public.order_code(id), '@' || buyer_id, '@' || seller_id])
$$;

CREATE INDEX ix_orders_words ON orders USING gin (order_words(id, buyer_id, seller_id, title));

-- Words a person typed, the last one perhaps unfinished, or an order's code; nobody's order has none.
CREATE FUNCTION order_search(words text, code text, party uuid) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN party IS NULL THEN wanted ELSE wanted && quote_literal('@' || party)::tsquery END
    FROM (SELECT CASE WHEN code IS NULL THEN typed ELSE coalesce(typed || named, named) END AS wanted
          FROM (SELECT (nullif(plainto_tsquery('pg_catalog.simple'::regconfig, words)::text, '') || ':*')::tsquery AS typed,
                       quote_literal('#' || code)::tsquery AS named) AS parts) AS query
$$;

-- A door to the ledger: every journal that touched an order's escrow.
CREATE FUNCTION journals_of_order(wanted uuid) RETURNS TABLE (id uuid, kind text, occurred_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT j.id, j.kind, j.occurred_at
    FROM kro_balance AS b JOIN ledger_entries AS e ON e.account_id = b.id JOIN ledger_journals AS j ON j.id = e.journal_id
    WHERE b.owner_id = wanted AND b.code = 'order_escrow'
$$;

-- What the parties of a settled order think of each other. Neither sees the other's before both are in, or two weeks
-- are over; whether both are in is asked when it is read, so two that come in at the same moment need not know.
CREATE TABLE order_ratings (
    id uuid CONSTRAINT pk_order_ratings PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_order_ratings_order_id_orders REFERENCES orders,
    rated_by uuid NOT NULL CONSTRAINT fk_order_ratings_rated_by_users REFERENCES users,
    subject_id uuid NOT NULL CONSTRAINT fk_order_ratings_subject_id_users REFERENCES users,
    stars integer NOT NULL CONSTRAINT ck_order_ratings_stars CHECK (stars BETWEEN 1 AND 5),
    original text,
    shown text,
    created_at timestamptz NOT NULL,
    visible_at timestamptz NOT NULL,
    CONSTRAINT uq_order_ratings_order_id_rated_by UNIQUE (order_id, rated_by),
    CONSTRAINT ck_order_ratings_others CHECK (rated_by <> subject_id)
);
CREATE INDEX ix_order_ratings_subject_id_created_at ON order_ratings (subject_id, created_at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_ratings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Which order a printed code belongs to, by the code's keyed hash: who reads this table knows no code.
CREATE TABLE order_codes (
    order_id uuid CONSTRAINT pk_order_codes PRIMARY KEY CONSTRAINT fk_order_codes_order_id_orders REFERENCES orders,
    digest text NOT NULL CONSTRAINT uq_order_codes_digest UNIQUE
);
