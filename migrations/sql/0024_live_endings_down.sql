DROP TRIGGER role_changed ON user_roles;
DROP TRIGGER standing_changed ON admins;
DROP TRIGGER standing_changed ON users;
DROP TRIGGER session_ended ON sessions;
DROP FUNCTION role_changed();
DROP FUNCTION standing_changed();
DROP FUNCTION session_ended();
DROP FUNCTION tell_ending(text, uuid, uuid, text);
