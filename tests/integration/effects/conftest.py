from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.outbox import RelayOptions

Post = Callable[..., Awaitable[UUID]]
State = Callable[[UUID], Awaitable[dict[str, Any]]]


@pytest.fixture
def quick() -> RelayOptions:
    """Back-offs that are over at once, so that no test waits for one."""
    return RelayOptions(poll_seconds=0.02, lease_seconds=5, delays=(0,), max_attempts=3)


@pytest.fixture
def post(database: Database, ids: IdSource) -> Post:
    """Put a message into the outbox the way a decision does, and return its id."""

    async def post(topic: str = "demo", *, key: str | None = None, **payload: object) -> UUID:
        message_id = ids.new()
        await database.execute(
            "INSERT INTO outbox (id, topic, ordering_key, payload) VALUES ($1, $2, $3, $4)",
            message_id,
            topic,
            key,
            payload,
        )
        return message_id

    return post


@pytest.fixture
def state(database: Database) -> State:
    """Read a message's row."""

    async def state(message_id: UUID) -> dict[str, Any]:
        row = await database.row("SELECT * FROM outbox WHERE id = $1", message_id)
        assert row is not None
        return dict(row)

    return state


@pytest.fixture
def person(database: Database, ids: IdSource) -> Callable[..., Awaitable[UUID]]:
    """Register somebody and return their id."""

    async def person(*, phone: str, email: str | None = None, first_name: str = "Demo") -> UUID:
        user_id = ids.new()
        await database.execute(
            "WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('user', 'user', 'User', "
            "'{}') ON CONFLICT (code) DO UPDATE SET title = excluded.title RETURNING code) "
            "INSERT INTO users (id, phone, email, first_name, last_name, password_hash, status, role_code, kyc_tier) "
            "SELECT $1, $2, $3, $4, 'Buyer', '-', 'active', code, 1 FROM role",
            user_id,
            phone,
            email,
            first_name,
        )
        return user_id

    return person


@pytest.fixture
async def order_id(database: Database, ids: IdSource, person: Callable[..., Awaitable[UUID]]) -> UUID:
    """An accepted order between two people."""
    order_id = ids.new()
    await database.execute(
        "INSERT INTO orders (id, buyer_id, seller_id, proposed_by, order_type, title, description, currency, amount, "
        "buyer_share_bps, fee_buyer, fee_seller, vat_buyer, vat_seller, fee_basis, terms_version, terms_hash, "
        "delivery_hours, inspection_hours, status, funding_status, on_hold, funded_amount, released_amount, "
        "refunded_amount, last_seq, version, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'buyer', 'goods', 'Demo', '', 'NGN', 100, 0, 0, 0, 0, 0, '{}', 1, '-', 1, 1, 'accepted', "
        "'none', false, 0, 0, 0, 1, 1, now(), now())",
        order_id,
        await person(phone="+2348030000001"),
        await person(phone="+2348030000002"),
    )
    return order_id


async def eventually(check: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait until a condition holds; the time-out is the failure."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is waited for is often a row, which has no event
            await asyncio.sleep(0.01)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Awaitable[None]]:
    return eventually
