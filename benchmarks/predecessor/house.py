"""Another server's database: its tables, the same people with the same money, and whether its books are sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from benchmarks.predecessor.server import FOLDER
from benchmarks.requests.people import FUNDS, Crowd
from kro.core.database.embedded import Cluster, Role

_USER: Final = """
INSERT INTO users (id, phone, first_name, last_name, email, password_hash, status)
VALUES ($1, $2, $3, 'Bench', $2 || '@kro.example', '-', 'active')"""
_ACCOUNTS: Final = """
INSERT INTO ledger_accounts (id, kind, owner_id, currency, balance)
SELECT gen_random_uuid(), 'user', id, 'NGN', 0 FROM users"""
_FUNDS: Final = """
WITH journal AS (
    INSERT INTO ledger_journals (id, kind, occurred_at) VALUES (gen_random_uuid(), 'receipt', now()) RETURNING id
), given AS (
    UPDATE ledger_accounts SET balance = balance + $1::bigint WHERE owner_id = ANY ($2::uuid[]) RETURNING id
)
INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
SELECT journal.id, given.id, 'NGN', $1 FROM journal, given
UNION ALL
SELECT journal.id, provider.id, 'NGN', -$1 FROM journal, given, ledger_accounts AS provider
WHERE provider.kind = 'provider'"""
_WRONG: Final = {
    "journals that do not sum to zero": """
        SELECT count(*) FROM (SELECT FROM ledger_entries GROUP BY journal_id HAVING sum(amount) <> 0) AS wrong""",
    "balances that are not the sum of their entries": """
        SELECT count(*) FROM ledger_accounts AS a WHERE a.balance IS NOT NULL AND a.balance
        <> (SELECT coalesce(sum(e.amount), 0) FROM ledger_entries AS e WHERE e.account_id = a.id)""",
    "orders that hold something else than their escrow": """
        SELECT count(*) FROM orders AS o LEFT JOIN ledger_accounts AS a ON a.kind = 'escrow' AND a.owner_id = o.id
        WHERE o.held <> coalesce(a.balance, 0)""",
    "closed orders that were not paid and released once": """
        SELECT count(*) FROM orders AS o WHERE o.status = 'closed'
        AND (SELECT string_agg(j.kind, ' ' ORDER BY j.kind) FROM ledger_journals AS j WHERE j.order_id = o.id)
        IS DISTINCT FROM 'full_release order_funded'""",
    "orders with another number of events": """
        SELECT count(*) FROM orders AS o
        WHERE o.last_seq <> (SELECT count(*) FROM order_events AS e WHERE e.order_id = o.id)""",
}
_CLOSED: Final = "SELECT count(*) FROM orders WHERE status = 'closed'"


@asynccontextmanager
async def moved_in(cluster: Cluster, name: str, crowd: Crowd) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Make the database, with the crowd in it; yields a connection of its owner, and drops it in the end."""
    admin = await asyncpg.connect(cluster.dsn(Role.ADMIN, "postgres"))
    try:
        await admin.execute(f'CREATE DATABASE "{name}" OWNER {Role.OWNER} TEMPLATE template0')
        owner = await asyncpg.connect(cluster.dsn(Role.OWNER, name))
        try:
            await owner.execute(_schema())
            await _settle(owner, crowd)
            yield owner
        finally:
            await owner.close()
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


def _schema() -> str:
    return (FOLDER / "schema.sql").read_text()


async def _settle(owner: asyncpg.Connection[asyncpg.Record], crowd: Crowd) -> None:
    people = [(pair.buyer, "Buyer") for pair in crowd.pairs] + [(pair.seller, "Seller") for pair in crowd.pairs]
    await owner.executemany(_USER, [(person.id, person.phone, name) for person, name in people])
    await owner.execute(_ACCOUNTS)
    await owner.execute(_FUNDS, FUNDS, [pair.buyer.id for pair in crowd.pairs])


async def audit(owner: asyncpg.Connection[asyncpg.Record]) -> int:
    """Return how many orders lived to their end.

    :raises RuntimeError: when a journal, a balance, an escrow or an order's events are not what they have to be.
    """
    wrong = {name: int(await owner.fetchval(sql)) for name, sql in _WRONG.items()}
    if any(wrong.values()):
        raise RuntimeError(f"the predecessor's books are wrong: {wrong}")
    return int(await owner.fetchval(_CLOSED))
