-- What admins find people by. An index is built without a search path: schemas are named.
CREATE FUNCTION person_words(first_name text, last_name text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple'::regconfig, first_name || ' ' || last_name)
$$;

-- Words of a name, the last one perhaps unfinished.
CREATE FUNCTION person_search(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (nullif(plainto_tsquery('pg_catalog.simple'::regconfig, words)::text, '') || ':*')::tsquery
$$;

CREATE INDEX ix_users_words ON users USING gin (person_words(first_name, last_name));
CREATE INDEX ix_users_lower_email ON users (lower(email));
CREATE INDEX ix_users_created_at_id ON users (created_at, id);

-- What admins tell each other about a person, who never sees it.
CREATE TABLE user_notes (
    id uuid CONSTRAINT pk_user_notes PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_user_notes_user_id_users REFERENCES users,
    admin_id uuid NOT NULL CONSTRAINT fk_user_notes_admin_id_admins REFERENCES admins,
    text text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_user_notes_user_id ON user_notes (user_id, created_at, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A door for whoever looks at a person: how many of their orders stand still by a hold.
CREATE FUNCTION orders_on_hold(party uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM orders AS o WHERE o.on_hold AND (o.buyer_id = party OR o.seller_id = party)
$$;
