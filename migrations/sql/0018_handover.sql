-- Links by which riders without an account enter the handover code; of a link's token only the hash is kept.

CREATE TABLE rider_links (
    id uuid CONSTRAINT pk_rider_links PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT fk_rider_links_order_id_orders REFERENCES orders,
    token_hash text NOT NULL CONSTRAINT uq_rider_links_token_hash UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX uq_rider_links_order_id_open ON rider_links (order_id) WHERE revoked_at IS NULL;
