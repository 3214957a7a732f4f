"""Tables of months: made ahead of time, guarded like the whole, and no row is ever refused for want of a month."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from kro.core.audit import AuditChain, AuditSealer
from kro.core.clock import FrozenClock
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database, PoolOptions
from kro.core.database.startup import DatabaseRefusedError, require_sound
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.growth import MONTHS_AHEAD, Months
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.core.outbox import OutboxStore
from kro.kro_balance.domain import LEDGER_INVARIANTS, External, Posting, receipt

TABLES = ("audit_log", "ledger_entries", "outbox", "payment_webhook_bodies")
PARTITIONS = "SELECT partition FROM month_partitions WHERE parent = $1 AND NOT is_default ORDER BY until_id"
HOME = "SELECT tableoid::regclass::text FROM {table} WHERE {key} = $1 LIMIT 1"


def month_of(moment: datetime, *, later: int = 0) -> str:
    number = moment.year * 12 + moment.month - 1 + later
    return f"{number // 12}_{number % 12 + 1:02}"


def id_at(moment: datetime) -> UUID:
    """Return a UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid4().int >> 66)


async def partitions(database: Database, table: str) -> list[str]:
    return [row["partition"] for row in await database.rows(PARTITIONS, table)]


async def count_partitions(database: Database) -> int:
    return int(await database.value("SELECT count(*) FROM month_partitions"))


async def home(database: Database, table: str, key: str, value: UUID) -> str:
    return str(await database.value(HOME.format(table=table, key=key), value))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def months(database: Database, clock: FrozenClock, ids: IdSource) -> Months:
    return Months(database, clock=clock, ids=ids)


async def prepare(months: Months) -> int:
    made = 0
    while count := await months.prepare():
        made += count
    return made


async def post(database: Database, moment: datetime) -> UUID:
    """Post a journal with an id of a moment."""
    journal = receipt(
        Posting(journal_id=id_at(moment), occurred_at=moment, actor="test"),
        payment_id=uuid4(),
        user_id=uuid4(),
        amount=Money(10_000, "NGN"),
        external=External("paystack", uuid4().hex),
    )
    await database.apply(encode(Decision(journals=(journal,))))
    return journal.id


async def send(database: Database, moment: datetime, *, state: str = "pending") -> UUID:
    message_id = id_at(moment)
    await database.execute(
        "INSERT INTO outbox (id, topic, payload, state) VALUES ($1, 'demo', '{}', $2)", message_id, state
    )
    return message_id


async def log(database: Database, moment: datetime) -> UUID:
    row_id = id_at(moment)
    await database.execute(
        "INSERT INTO audit_log (id, actor_kind, action, target_type, result, detail) "
        "VALUES ($1, 'system', 'x', 'test', 'done', '{}')",
        row_id,
    )
    return row_id


class TestMonthsAhead:
    async def test_are_there_from_the_migration_on(self, database: Database, months: Months) -> None:
        assert await prepare(months) == 0

    async def test_are_made_as_time_goes_by(self, database: Database, months: Months, clock: FrozenClock) -> None:
        clock.advance(timedelta(days=32))

        made = await prepare(months)

        assert made in {len(TABLES), 2 * len(TABLES)}  # 32 days are one month or two.
        for table in TABLES:
            assert (await partitions(database, table))[-1] == f"{table}_{month_of(clock.now(), later=MONTHS_AHEAD)}"
        assert await prepare(months) == 0

    async def test_have_no_gap_after_workers_were_away(
        self, database: Database, months: Months, clock: FrozenClock
    ) -> None:
        clock.advance(timedelta(days=1000))

        await prepare(months)

        bounds = await database.rows("SELECT * FROM month_partitions WHERE NOT is_default ORDER BY parent, until_id")
        for one, after in itertools.pairwise(bounds):
            assert one["parent"] != after["parent"] or one["until_id"] == after["from_id"]
        assert bounds[-1]["partition"] == f"payment_webhook_bodies_{month_of(clock.now(), later=MONTHS_AHEAD)}"

    async def test_are_made_once_by_any_number_of_workers(
        self, database: Database, months: Months, clock: FrozenClock
    ) -> None:
        before = await count_partitions(database)
        clock.advance(timedelta(days=150))

        made = sum(await asyncio.gather(*(prepare(months) for _ in range(8)))) + await prepare(months)

        assert made >= 4 * len(TABLES)
        assert await count_partitions(database) == before + made

    async def test_let_everybody_else_go_on(
        self, database: Database, app_dsn: str, months: Months, clock: FrozenClock
    ) -> None:
        clock.advance(timedelta(days=100))
        journal_id = await post(database, datetime.now(UTC))
        impatient = await Database.connect(PoolOptions(dsn=app_dsn, size=2, lock_timeout_seconds=1))
        async with database.connection() as connection, connection.transaction():
            while await connection.fetchval("SELECT make_months($1, 3, 0)", clock.now()):
                pass

            await send(impatient, datetime.now(UTC))
            await log(impatient, datetime.now(UTC))
            assert await impatient.value("SELECT count(*) FROM ledger_entries WHERE journal_id = $1", journal_id) == 2
        await impatient.close()


class TestARowWithoutMonth:
    @pytest.fixture
    def far(self, clock: FrozenClock) -> datetime:
        """A moment no month was made for, as a worker that was away for long would leave it."""
        return clock.now() + timedelta(days=200)

    async def test_is_taken_told_and_moved_into_its_month(
        self, database: Database, months: Months, clock: FrozenClock, far: datetime
    ) -> None:
        journal_id, message_id, row_id = await post(database, far), await send(database, far), await log(database, far)
        later = await post(database, far + timedelta(days=400))
        places = (
            ("ledger_entries", "journal_id", journal_id),
            ("outbox", "id", message_id),
            ("audit_log", "id", row_id),
        )
        for table, key, value in places:
            assert await home(database, table, key, value) == f"{table}_default"

        clock.current = far
        await prepare(months)

        for table, key, value in places:
            assert await home(database, table, key, value) == f"{table}_{month_of(far)}"
        assert await home(database, "ledger_entries", "journal_id", later) == "ledger_entries_default"
        told = await database.rows("SELECT payload ->> 'subject' AS subject FROM outbox WHERE topic = 'alert'")
        assert sorted(row["subject"] for row in told) == [
            "1 rows of audit_log moved into their month",
            "1 rows of outbox moved into their month",
            "2 rows of ledger_entries moved into their month",
        ]
        assert [c for c in await Invariants(database, LEDGER_INVARIANTS).check() if not c.holds] == []
        await require_sound(database)  # The default partitions were replaced, and are guarded as before.

    async def test_stays_where_it_is_when_there_are_too_many(self, database: Database, far: datetime) -> None:
        for _ in range(3):
            await send(database, far)

        while await database.value("SELECT make_months($1, 0, 2)", far):
            pass

        assert await database.value("SELECT count(*) FROM outbox_default") == 3
        assert (await partitions(database, "audit_log"))[-1] == f"audit_log_{month_of(far)}"
        assert (await partitions(database, "outbox"))[-1] < f"outbox_{month_of(far)}"

    async def test_is_told_of_for_as_long_as_it_is_there(
        self, database: Database, months: Months, far: datetime
    ) -> None:
        await months.tell_strays()
        assert await database.value("SELECT count(*) FROM outbox") == 0
        await post(database, far)

        await months.tell_strays()

        payload = await database.value("SELECT payload FROM outbox WHERE topic = 'alert'")
        assert payload["detail"].startswith("ledger_entries: 2.")


class TestAPartition:
    @pytest.fixture(params=["first", "made", "default"])
    def names(self, request: pytest.FixtureRequest, clock: FrozenClock) -> tuple[str, str]:
        """One partition of the ledger and the same one of the audit log: as it was found, made later, and the last."""
        suffix = month_of(clock.now(), later=MONTHS_AHEAD) if request.param == "made" else request.param
        return f"ledger_entries_{suffix}", f"audit_log_{suffix}"

    @pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {}"])
    async def test_cannot_be_changed_by_anybody(
        self, database: Database, owner_database: Database, names: tuple[str, str], change: str
    ) -> None:
        for name in names:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.execute(change.format(name))
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await owner_database.execute(change.format(name))

    @pytest.mark.parametrize("step", ["INSERT INTO {} DEFAULT VALUES", "ALTER TABLE {} DISABLE TRIGGER append_only"])
    async def test_gives_the_application_no_way_in(self, database: Database, names: tuple[str, str], step: str) -> None:
        for name in names:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.execute(step.format(name))

    async def test_takes_no_late_entry_from_the_owner(
        self, database: Database, owner_database: Database, clock: FrozenClock
    ) -> None:
        await post(database, clock.now())

        with pytest.raises(asyncpg.PostgresError, match="transaction of their journal"):
            await owner_database.execute(
                "INSERT INTO ledger_entries_first (id, journal_id, account_id, currency, amount)"
                " OVERRIDING SYSTEM VALUE"
                " SELECT -id, journal_id, account_id, currency, -amount FROM ledger_entries"
            )

    async def test_without_its_guards_keeps_the_program_from_starting(
        self, database: Database, owner_database: Database, names: tuple[str, str]
    ) -> None:
        await owner_database.execute(f"DROP TRIGGER append_only ON {names[0]}")

        with pytest.raises(DatabaseRefusedError, match=f"switched off on {names[0]}"):
            await require_sound(database)

    async def test_that_is_open_to_the_application_keeps_it_from_starting(
        self, database: Database, owner_database: Database, names: tuple[str, str]
    ) -> None:
        await owner_database.execute(f"GRANT INSERT ON {names[0]} TO kro_app")

        with pytest.raises(DatabaseRefusedError, match=f"may write to {names[0]}"):
            await require_sound(database)


class TestThePastOfTheOutbox:
    async def test_goes_by_the_month_once_nothing_is_left_in_it(
        self, database: Database, months: Months, clock: FrozenClock
    ) -> None:
        long_ago = datetime(2026, 1, 5, tzinfo=UTC)
        dead = await send(database, long_ago, state="dead")
        clock.advance(timedelta(days=100))
        await prepare(months)

        await months.drop_emptied()
        assert (await partitions(database, "outbox"))[0] == "outbox_first"

        await database.execute(
            "UPDATE outbox SET state = 'discarded', next_attempt_at = '2026-02-01' WHERE id = $1", dead
        )
        assert await OutboxStore(database).forget(older_than_days=30) == 1
        await months.drop_emptied()

        assert (await partitions(database, "outbox"))[0] > f"outbox_{month_of(clock.now(), later=-1)}"
        assert (await partitions(database, "ledger_entries"))[0] == "ledger_entries_first"
        # Nothing is refused because its month is gone.
        late = await send(database, long_ago)
        assert await home(database, "outbox", "id", late) == "outbox_default"


async def test_the_audit_chain_goes_over_months(database: Database, months: Months, clock: FrozenClock) -> None:
    rows = [await log(database, clock.now() + timedelta(days=days)) for days in (0, 90, 45)]
    sealed = 0
    for _ in range(200):
        sealed += await AuditSealer(database).seal_due()
        if sealed == len(rows):
            break
        await asyncio.sleep(0.05)

    verdict = await AuditChain(database).verify()

    assert (verdict.broken, verdict.complete, verdict.through) == (None, True, len(rows))
