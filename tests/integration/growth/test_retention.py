"""What has served its purpose goes by batches; what somebody under a legal hold has, and what counts, stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.integration.growth.test_months import id_at

from kro.core.auth.permissions import seed_roles
from kro.core.database.pool import Database
from kro.core.growth import Leftovers, retention_step
from log_lines import log_lines

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=400)

Person = Callable[[bool], Awaitable[UUID]]


@pytest.fixture
async def person(database: Database, owner_database: Database) -> Person:
    await seed_roles(owner_database)

    async def add(is_held: bool) -> UUID:
        user_id = uuid4()
        await database.execute(
            "INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier, "
            "legal_hold_at) VALUES ($1::uuid, $1::uuid::text, 'Test', 'User', '-', 'active', 'member', 1, "
            "CASE WHEN $2 THEN now() END)",
            user_id,
            is_held,
        )
        return user_id

    return add


async def add_session(
    database: Database, user_id: UUID, *, begun: datetime, expires: datetime, revoked: datetime | None = None
) -> None:
    await database.execute(
        "INSERT INTO sessions (id, audience, user_id, refresh_hash, created_at, expires_at, revoked_at) "
        "VALUES ($1, 'user', $2, $3, $4, $5, $6)",
        id_at(begun),
        user_id,
        uuid4().bytes,
        begun,
        expires,
        revoked,
    )


async def owners(database: Database, table: str) -> list[UUID]:
    return [row["user_id"] for row in await database.rows(f"SELECT user_id FROM {table}")]  # noqa: S608 - from below


class TestSessions:
    async def test_go_long_after_they_ended(self, database: Database, person: Person) -> None:
        expired, revoked, alive, recent = [await person(False) for _ in range(4)]
        await add_session(database, expired, begun=OLD, expires=OLD + timedelta(days=30))
        await add_session(database, revoked, begun=OLD, expires=NOW + timedelta(days=9), revoked=OLD)
        await add_session(database, alive, begun=OLD, expires=NOW + timedelta(days=9))
        await add_session(database, recent, begun=OLD, expires=NOW - timedelta(days=9))

        assert await Leftovers(database).sessions(180) == 2

        assert set(await owners(database, "sessions")) == {alive, recent}

    async def test_stay_under_a_legal_hold(self, database: Database, person: Person) -> None:
        held = await person(True)
        await add_session(database, held, begun=OLD, expires=OLD)

        assert await Leftovers(database).sessions(180) == 0

        assert await owners(database, "sessions") == [held]


class TestLinksAndProofs:
    @pytest.mark.parametrize("is_held", [False, True])
    async def test_go_long_after_they_lapsed_but_for_a_legal_hold(
        self, database: Database, person: Person, is_held: bool
    ) -> None:
        user_id = await person(is_held)
        for moment in (OLD, NOW):
            await database.execute(
                "INSERT INTO magic_link_logs (id, purpose, token_hash, user_id, channel, created_at, expires_at) "
                "VALUES ($1, 'password_reset', $2, $3, 'mail', $4, $4)",
                id_at(moment),
                uuid4().bytes,
                user_id,
                moment,
            )
            await database.execute(
                "INSERT INTO step_up_challenges (id, user_id, action, task_hash, code_mac, created_at, expires_at) "
                "VALUES ($1, $2, 'payout', $3, $3, $4, $4)",
                id_at(moment),
                user_id,
                uuid4().bytes,
                moment,
            )
            await database.execute(
                "INSERT INTO fee_quotes (id, user_id, order_type, currency, amount, buyer_share_bps, fee_buyer, "
                "fee_seller, vat_buyer, vat_seller, basis, expires_at) "
                "VALUES ($1, $2, 'goods', 'NGN', 1, 0, 0, 0, 0, 0, '{}', $3)",
                id_at(moment),
                user_id,
                moment,
            )

        leftovers = Leftovers(database)
        gone = 0 if is_held else 1
        forgotten = [await leftovers.links(180), await leftovers.step_ups(30), await leftovers.quotes(30)]
        assert forgotten == [gone] * 3

        for table in ("magic_link_logs", "step_up_challenges", "fee_quotes"):
            assert await owners(database, table) == [user_id] * (2 - gone)


class TestAStep:
    async def test_goes_on_until_nothing_is_left_and_counts(self) -> None:
        left = [3, 2, 0]

        async def forget() -> int:
            return left.pop(0)

        step = retention_step("things", forget)
        with log_lines() as logs:
            assert [await step.run() for _ in range(3)] == [3, 2, 0]

        assert [(line["event"], line["kind"], line["count"]) for line in logs] == [("rows_forgotten", "things", 5)]
        assert step.alone

    async def test_stops_when_its_time_is_over_and_goes_on_later(self) -> None:
        batches = 0

        async def forget() -> int:
            nonlocal batches
            batches += 1
            return 1_000

        step = retention_step("things", forget, seconds=0)

        assert (await step.run(), batches) == (0, 1)
        assert (await step.run(), batches) == (0, 2)


class TestTraces:
    async def test_what_wrote_a_row_is_forgotten_by_the_rows_age(self, database: Database) -> None:
        ids = [id_at(OLD), id_at(NOW)]
        for row_id in ids:
            await database.execute("INSERT INTO traces (row_id, trace_id) VALUES ($1, $2)", row_id, uuid4())

        assert await Leftovers(database).traces(30) == 1

        assert [row["row_id"] for row in await database.rows("SELECT row_id FROM traces")] == [ids[1]]
