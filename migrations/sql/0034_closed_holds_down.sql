DROP FUNCTION report_disputes(timestamptz, timestamptz);
DROP FUNCTION report_identity(timestamptz, timestamptz);
DROP FUNCTION report_users(timestamptz, timestamptz);
DROP FUNCTION first_id_at(timestamptz);
DROP TRIGGER close_holds ON orders;
DROP FUNCTION close_holds();
