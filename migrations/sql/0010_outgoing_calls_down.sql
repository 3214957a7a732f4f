DROP TABLE outgoing_calls;
