"""Logs in those who are measured, on a database that was filled, and finds orders for them to look at."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from benchmarks.processes import Program
from benchmarks.requests.people import Crowd, Person
from benchmarks.requests.scenarios import Market
from benchmarks.scale.filling import Filled
from benchmarks.scale.scenes import Side
from benchmarks.scale.worlds import YEARS
from kro.bootstrap.identity import token_world
from kro.core.actor import ActorKind
from kro.core.auth.tokens import TokenIssuer
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.ids import SystemIdSource, show_id

_STRANGERS: Final = 200
_SOLD: Final = 500
_LOGGED_IN: Final = "UPDATE sessions SET expires_at = now() + interval '1 day' WHERE id = ANY($1::uuid[])"
_SESSION: Final = """
INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
VALUES ($1, 'user', $2, uuid_send($1), now() + interval '1 day')"""
_BOUGHT: Final = "SELECT id FROM orders WHERE buyer_id = $1 ORDER BY created_at DESC LIMIT 200"
_NEXT: Final = """
SELECT id, buyer_id FROM orders WHERE (created_at, id) < ($1::timestamptz, $2::uuid)
ORDER BY created_at DESC, id DESC LIMIT 1"""
_NEXT_SOLD: Final = """
SELECT id FROM orders WHERE seller_id = $1 AND created_at < $2::timestamptz ORDER BY created_at DESC, id DESC LIMIT 1"""


async def log_in(program: Program, filled: Filled) -> Side:
    """Return one side of the comparison; the same numbers are drawn for both."""
    settings = load_settings(environment="test", environ=program.environment())
    issuer = TokenIssuer(token_world(ActorKind.USER, settings.jwt.user), clock=SystemClock(), ids=SystemIdSource())
    crowd = Crowd(list(filled.regulars), issuer, {})
    market = Market(crowd, b"", itertools.cycle([""]))
    drawn = random.Random(37)  # noqa: S311 - not a secret
    admin = await asyncpg.connect(program.cluster.dsn(Role.ADMIN, program.database))
    try:
        regulars = [person for pair in filled.regulars for person in (pair.buyer, pair.seller)]
        await admin.execute(_LOGGED_IN, [person.session_id for person in (*regulars, filled.hot)])
        bought = {
            pair.buyer: [show_id("ord", row["id"]) for row in await admin.fetch(_BOUGHT, pair.buyer.id)]
            for pair in filled.regulars
        }
        moments = [datetime.now(UTC) - drawn.random() * YEARS for _ in range(_SOLD)]
        found: list[UUID | None] = [await admin.fetchval(_NEXT_SOLD, filled.hot.id, moment) for moment in moments]
        sold = [show_id("ord", order) for order in found if order is not None]
        strangers = [await _stranger(admin, moment) for moment in moments[:_STRANGERS]]
    finally:
        await admin.close()
    return Side(program.database, program, market, filled.hot, bought, sold, strangers, drawn)


async def _stranger(admin: asyncpg.Connection[asyncpg.Record], moment: datetime) -> tuple[Person, str]:
    # The oldest copy lies up to a step before everything.
    [row] = await admin.fetch(_NEXT, max(moment, datetime.now(UTC) - YEARS * 0.8), UUID(int=0))
    person = Person(row["buyer_id"], uuid4(), "")
    await admin.execute(_SESSION, person.session_id, person.id)
    return person, show_id("ord", row["id"])


def give_tokens(side: Side) -> None:
    """Log everybody in anew, whom an earlier token may not serve any more."""
    crowd = side.market.crowd
    crowd.log_in()
    for person in (side.hot, *(stranger for stranger, _ in side.strangers)):
        crowd.tokens[person.id] = crowd.issuer.issue(subject=person.id, session_id=person.session_id)
