#!/bin/sh
# Runs once, when the volume is new: the two roles, and a database whose public schema belongs to the owner.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set owner_password="$KRO_DATABASE_OWNER_PASSWORD" --set app_password="$KRO_DATABASE_APP_PASSWORD" \
    --set database="$POSTGRES_DB" <<'SQL'
CREATE ROLE kro_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE kro_app LOGIN PASSWORD :'app_password';
-- `database.timeouts`, for sessions that reach the server through a pooler.
ALTER ROLE kro_app SET lock_timeout = '3s';
ALTER ROLE kro_app SET statement_timeout = '10s';
ALTER ROLE kro_app SET idle_in_transaction_session_timeout = '15s';
ALTER DATABASE :"database" OWNER TO kro_owner;
ALTER SCHEMA public OWNER TO kro_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kro_app;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO kro_app;
SQL
