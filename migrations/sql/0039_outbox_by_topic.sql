-- Each topic has a relay of its own, which a backlog of another topic must not slow down.
DROP INDEX ix_outbox_due;
CREATE INDEX ix_outbox_due ON outbox (topic, next_attempt_at, id) WHERE state = 'pending';
