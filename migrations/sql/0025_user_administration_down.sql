DROP TABLE user_notes;
DROP INDEX ix_users_words, ix_users_lower_email, ix_users_created_at_id;
DROP FUNCTION orders_on_hold, person_search, person_words;
