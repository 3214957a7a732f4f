-- The calls to providers of the last weeks, for support and for the health of each operation.
CREATE TABLE outgoing_calls (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outgoing_calls PRIMARY KEY,
    provider text NOT NULL,
    operation text NOT NULL,
    reference text,
    outcome text NOT NULL CONSTRAINT ck_outgoing_calls_outcome CHECK (outcome IN ('answered', 'not_sent', 'unknown')),
    cause text,
    status integer,
    breaker text NOT NULL CONSTRAINT ck_outgoing_calls_breaker CHECK (breaker IN ('closed', 'open', 'probing')),
    duration_ms integer NOT NULL CONSTRAINT ck_outgoing_calls_duration_ms CHECK (duration_ms >= 0),
    exchange text,
    process text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_outgoing_calls_at ON outgoing_calls (at);
CREATE INDEX ix_outgoing_calls_provider_operation_at ON outgoing_calls (provider, operation, at DESC);
CREATE INDEX ix_outgoing_calls_reference ON outgoing_calls (reference) WHERE reference IS NOT NULL;
