"""Books with a past: journals recorded at moments a test chooses, which only the owner of the tables can write."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from kro.core.actor import Actor, ActorKind
from kro.core.auth.permissions import seed_roles
from kro.core.database.pool import Database
from kro.kro_balance.domain.chart import provider_clearing, user_available

_BATCH: Final = 10_000
"""What one statement writes well within its time limit, on a busy machine too."""

_OPEN: Final = """
INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)
VALUES ($1, $2, $3, $4, $5, $6, $7, NOT $7::boolean) ON CONFLICT DO NOTHING"""

# The statement does what post_journals does, under chosen times: journals, entries, then the balance.
_POST: Final = """
WITH wanted AS (
    SELECT gen_random_uuid() AS id, m.at, m.amount, m.kind, m.position
    FROM unnest($3::timestamptz[], $4::bigint[], $5::text[]) WITH ORDINALITY AS m (at, amount, kind, position)
), journals AS (
    INSERT INTO ledger_journals (id, kind, source_type, source_id, occurred_at, recorded_at, actor)
    SELECT id, kind, 'test', gen_random_uuid(), at, at, 'test' FROM wanted
), balance AS (
    UPDATE kro_balance SET balance = balance + (SELECT sum(amount) FROM wanted) WHERE id = $1
)
INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
SELECT w.id, side.account_id, $6, side.amount
FROM wanted AS w, LATERAL (VALUES ($1::uuid, -w.amount), ($2::uuid, w.amount)) AS side (account_id, amount)
ORDER BY w.position"""


async def post_at(
    owner: Database, user_id: UUID, *movements: tuple[datetime, int], kind: str = "receipt", currency: str = "NGN"
) -> None:
    """Move a user's balance by these amounts (positive is in, minor units), recorded at these moments."""
    moments = [at for at, _ in movements]
    await _post(owner, user_id, moments, [amount for _, amount in movements], [kind] * len(movements), currency)


async def fill(owner: Database, user_id: UUID, *, start: datetime, count: int, rare: int = 1_000) -> None:
    """Give a user ``count`` receipts, one a minute; every ``rare``-th is a goodwill credit instead."""
    for first in range(1, count + 1, _BATCH):
        numbers = range(first, min(first + _BATCH, count + 1))
        moments = [start + timedelta(minutes=n) for n in numbers]
        kinds = ["goodwill" if n % rare == 0 else "receipt" for n in numbers]
        await _post(owner, user_id, moments, [100 + n % 7 for n in numbers], kinds, "NGN")


async def _post(
    owner: Database, user_id: UUID, moments: list[datetime], amounts: list[int], kinds: list[str], currency: str
) -> None:
    accounts = user_available(user_id, currency), provider_clearing("paystack", currency)
    for a in accounts:
        await owner.execute(_OPEN, a.id, a.code, a.owner_id, a.qualifier, a.currency, a.normal, a.tracked)
    await owner.execute(_POST, *(a.id for a in accounts), moments, amounts, kinds, currency)


async def add_person(owner: Database) -> Actor:
    """Make an active user with a live session."""
    await seed_roles(owner)
    user_id, session_id = uuid4(), uuid4()
    await owner.execute(
        """
        WITH person AS (
            INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)
            VALUES ($1::uuid, $1::uuid::text, 'Test', 'User', '-', 'active', 'member', 1) RETURNING id)
        INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
        SELECT $2::uuid, 'user', id, convert_to($2::uuid::text, 'UTF8'), now() + interval '1 day' FROM person""",
        user_id,
        session_id,
    )
    return Actor(kind=ActorKind.USER, id=user_id, session_id=session_id)
