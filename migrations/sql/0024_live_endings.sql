-- Sockets end with the session or the standing they were opened under. Triggers see every statement that ends one, those
-- that are yet to be written as well; the outbox row commits with it and reaches the servers by whatever bus they use.

CREATE FUNCTION tell_ending(kind text, principal_id uuid, session_id uuid, reason text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO outbox (id, topic, payload)
    -- A UUIDv7 like all ids here: 48 bits of milliseconds in front, and the version bits set.
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
               PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
               FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
           'realtime',
           jsonb_build_object('end', jsonb_build_object(
               'kind', kind, 'principal_id', principal_id, 'session_id', session_id, 'reason', reason))
$$;

CREATE FUNCTION session_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM tell_ending(NEW.audience, coalesce(NEW.user_id, NEW.admin_id), NEW.id, 'session_ended');
    RETURN NULL;
END $$;

CREATE TRIGGER session_ended AFTER UPDATE OF revoked_at ON sessions
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION session_ended();

CREATE FUNCTION standing_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM tell_ending(TG_ARGV[0], NEW.id, NULL, 'standing_changed');
    RETURN NULL;
END $$;

CREATE TRIGGER standing_changed AFTER UPDATE OF status, role_code ON users
    FOR EACH ROW WHEN (OLD.status = 'active' AND (NEW.status, NEW.role_code) IS DISTINCT FROM (OLD.status, OLD.role_code))
    EXECUTE FUNCTION standing_changed('user');

CREATE TRIGGER standing_changed AFTER UPDATE OF status, role_code ON admins
    FOR EACH ROW WHEN (OLD.status = 'active' AND (NEW.status, NEW.role_code) IS DISTINCT FROM (OLD.status, OLD.role_code))
    EXECUTE FUNCTION standing_changed('admin');

-- What a role allows is decided at connect as well.
CREATE FUNCTION role_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM tell_ending('admin', a.id, NULL, 'standing_changed')
    FROM admins AS a WHERE a.role_code = NEW.code AND a.status = 'active';
    RETURN NULL;
END $$;

CREATE TRIGGER role_changed AFTER UPDATE OF permissions ON user_roles
    FOR EACH ROW WHEN (NEW.audience = 'admin' AND OLD.permissions IS DISTINCT FROM NEW.permissions)
    EXECUTE FUNCTION role_changed();
