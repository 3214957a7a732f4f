"""Old months of the audit log leave their table only with their rows in files, and the chain is whole without them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.integration.audit.conftest import Seal
from tests.integration.growth.test_months import id_at

from kro.core.audit import (
    ArchiveBrokenError,
    AuditArchive,
    AuditChain,
    AuditDetachedError,
    AuditFiles,
    AuditMonths,
    Damage,
    MonthKeptError,
)
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.database.startup import require_sound
from kro.core.ids import IdSource
from kro.core.storage import MemoryObjectStore, new_object_key

OLD = datetime(2023, 1, 15, tzinfo=UTC)
MONTH = "audit_log_2023_01"
DAYS = 365
ATTACH = (
    "DO $$ DECLARE d detached_months; BEGIN SELECT * INTO d FROM detached_months;"
    " EXECUTE format('ALTER TABLE audit_log ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',"
    " d.partition, d.until_id); END $$"
)

Log = Callable[[datetime], Awaitable[UUID]]


@pytest.fixture
def log(database: Database) -> Log:
    async def write(moment: datetime) -> UUID:
        row_id = id_at(moment)
        await database.execute(
            "INSERT INTO audit_log (id, actor_kind, action, target_type, result, detail) "
            "VALUES ($1, 'system', 'x', 'test', 'done', $2)",
            row_id,
            {"n": str(row_id)},
        )
        return row_id

    return write


@pytest.fixture
async def past(owner_database: Database) -> None:
    """Give the past a month of its own, as if the log had been parted back then."""
    until = await owner_database.value("SELECT until_id FROM month_partitions WHERE partition = 'audit_log_first'")
    bound = str(id_at(datetime(2023, 2, 1, tzinfo=UTC)))[:13] + "-0000-0000-000000000000"
    await owner_database.execute("DROP TABLE audit_log_first")
    for name, start, end in ((MONTH, "MINVALUE", f"'{bound}'"), ("audit_log_first", f"'{bound}'", f"'{until}'")):
        await owner_database.execute(
            f"CREATE TABLE {name} PARTITION OF audit_log FOR VALUES FROM ({start}) TO ({end});"
            f" SELECT guard_partition('audit_log', '{name}')"
        )


@pytest.fixture
def store() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def months(database: Database, store: MemoryObjectStore) -> AuditMonths:
    return AuditMonths(database, store=store, new_key=new_object_key)


@pytest.fixture
def export(database: Database, store: MemoryObjectStore, ids: IdSource) -> Callable[[], Awaitable[int]]:
    clock = FrozenClock(datetime.now(UTC))
    archive = AuditArchive(
        database, files=AuditFiles(database), shelf=store, new_key=new_object_key, clock=clock, ids=ids
    )

    async def run() -> int:
        clock.advance(timedelta(days=1))
        return await archive.export_due()

    return run


@pytest.fixture
async def archived(past: None, log: Log, seal: Seal, export: Callable[[], Awaitable[int]]) -> list[UUID]:
    """Three rows of the old month among two of now, sealed and in two files."""
    now = datetime.now(UTC)
    rows = [await log(OLD), await log(now), await log(OLD + timedelta(days=1))]
    assert await seal(3) == 3
    assert await export() == 1
    rows += [await log(OLD + timedelta(days=2)), await log(now)]
    assert await seal(2) == 2
    assert await export() == 1
    return rows


async def attached(database: Database) -> list[str]:
    rows = await database.rows("SELECT partition FROM month_partitions WHERE parent = 'audit_log'")
    return [row["partition"] for row in rows]


class TestDetaching:
    async def test_leaves_the_chain_whole_and_goes_on(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID], log: Log, seal: Seal
    ) -> None:
        month = await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

        assert (month.rows, month.first, month.through) == (3, 1, 4)
        assert MONTH not in await attached(database)
        assert await database.value("SELECT count(*) FROM audit_log") == 2
        verdict = await AuditChain(database).verify()
        assert (verdict.broken, verdict.complete, verdict.through) == (None, True, 5)
        assert (await AuditChain(database).verify(after=2, limit=2)).is_sound
        assert [one.partition for one in await months.verify()] == [MONTH]
        await log(datetime.now(UTC))
        assert await seal(1) == 1
        assert (await AuditChain(database).verify()).is_sound
        await require_sound(database)

    async def test_a_late_row_is_kept_sealed_and_verified(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID], log: Log, seal: Seal
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

        late = await log(OLD)

        home = "SELECT tableoid::regclass::text FROM audit_log WHERE id = $1"
        assert await database.value(home, late) == "audit_log_default"
        assert await seal(1) == 1
        assert (await AuditChain(database).verify()).is_sound
        assert len(await months.verify()) == 1

    async def test_can_be_taken_back(
        self,
        database: Database,
        owner_database: Database,
        owner_dsn: str,
        months: AuditMonths,
        archived: list[UUID],
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        await owner_database.execute(ATTACH)

        assert await database.value("SELECT count(*) FROM audit_log") == 5
        assert (await AuditChain(database).verify()).is_sound
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        assert (await AuditChain(database).verify()).is_sound

    async def test_a_file_of_what_left_is_not_written_anew(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID]
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

        with pytest.raises(AuditDetachedError):
            _ = [line async for line in AuditFiles(database).lines(after=0, through=5)]
        assert len([line async for line in AuditFiles(database).lines(after=4, through=5)]) == 3


class TestAMonthStays:
    async def test_that_is_young(self, database: Database, owner_dsn: str, months: AuditMonths, past: None) -> None:
        with pytest.raises(MonthKeptError, match="did not end"):
            await months.detach("audit_log_first", owner_dsn=owner_dsn, older_than_days=DAYS)

    async def test_that_has_rows_without_a_seal(
        self, owner_dsn: str, months: AuditMonths, archived: list[UUID], log: Log
    ) -> None:
        await log(OLD)

        with pytest.raises(MonthKeptError, match="not sealed"):
            await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

    async def test_that_no_file_holds(
        self, owner_dsn: str, months: AuditMonths, archived: list[UUID], log: Log, seal: Seal
    ) -> None:
        await log(OLD)
        await seal(1)

        with pytest.raises(MonthKeptError, match="up to position 5 of 6"):
            await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

    async def test_whose_file_was_changed_or_is_gone(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID], store: MemoryObjectStore
    ) -> None:
        key = await database.value("SELECT storage_key FROM audit_exports ORDER BY position LIMIT 1")
        content = await store.get(key=key, max_bytes=1 << 20)
        await store.delete(key=key)
        await store.put(key=key, data=content.replace(b'"done"', b'"gone"', 1), content_type="x")

        with pytest.raises(ArchiveBrokenError):
            await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        assert MONTH in await attached(database)

    async def test_that_is_not_what_was_sealed(
        self, database: Database, owner_database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID]
    ) -> None:
        await owner_database.execute(f"ALTER TABLE {MONTH} DISABLE TRIGGER append_only")
        await owner_database.execute("UPDATE audit_log_2023_01 SET action = 'y' WHERE id = $1", archived[2])

        with pytest.raises(ArchiveBrokenError, match="position 3"):
            await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        assert MONTH in await attached(database)

    async def test_for_the_application(
        self, database: Database, app_dsn: str, months: AuditMonths, archived: list[UUID]
    ) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await months.detach(MONTH, owner_dsn=app_dsn, older_than_days=DAYS)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute("INSERT INTO detached_months SELECT * FROM detached_months")

    async def test_when_a_row_comes_between_the_file_and_the_end(
        self, database: Database, owner_dsn: str, archived: list[UUID], store: MemoryObjectStore, log: Log
    ) -> None:
        class Late(MemoryObjectStore):
            async def get(self, *, key: str, max_bytes: int) -> bytes:
                found = await store.get(key=key, max_bytes=max_bytes)
                if found.startswith(b'{"kro_month"'):
                    await log(OLD)
                return found

            async def put(self, *, key: str, data: bytes, content_type: str) -> None:
                await store.put(key=key, data=data, content_type=content_type)

        months = AuditMonths(database, store=Late(), new_key=new_object_key)
        with pytest.raises(MonthKeptError, match="not what was written"):
            await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        assert MONTH in await attached(database)


class TestInterrupted:
    async def test_after_the_file_it_is_just_started_again(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID], store: MemoryObjectStore
    ) -> None:
        class Killed(MemoryObjectStore):
            async def get(self, *, key: str, max_bytes: int) -> bytes:
                found = await store.get(key=key, max_bytes=max_bytes)
                if found.startswith(b'{"kro_month"'):
                    raise asyncio.CancelledError
                return found

            async def put(self, *, key: str, data: bytes, content_type: str) -> None:
                await store.put(key=key, data=data, content_type=content_type)

        with pytest.raises(asyncio.CancelledError):
            await AuditMonths(database, store=Killed(), new_key=new_object_key).detach(
                MONTH, owner_dsn=owner_dsn, older_than_days=DAYS
            )
        assert MONTH in await attached(database)
        assert await months.verify() == []

        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)

        assert (await AuditChain(database).verify()).is_sound

    async def test_two_at_once_detach_it_once(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID]
    ) -> None:
        both = (months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS) for _ in range(2))
        results: list[Any] = await asyncio.gather(*both, return_exceptions=True)

        assert sum(isinstance(one, MonthKeptError) for one in results) == 1
        assert (await AuditChain(database).verify()).is_sound
        assert len(await months.verify()) == 1


class TestWhatLeftIsStillGuarded:
    @pytest.mark.parametrize(
        ("change", "damage"),
        [
            ("UPDATE audit_seals SET hash = sha256('x') WHERE position = 3", Damage.CHANGED),
            ("DELETE FROM audit_seals WHERE position = 3", Damage.CHANGED),
        ],
    )
    async def test_its_seals_cannot_be_changed_unseen(
        self,
        database: Database,
        owner_database: Database,
        owner_dsn: str,
        months: AuditMonths,
        archived: list[UUID],
        change: str,
        damage: Damage,
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        await owner_database.execute("ALTER TABLE audit_seals DISABLE TRIGGER append_only")
        await owner_database.execute(change)

        broken = (await AuditChain(database).verify()).broken
        assert broken is not None
        assert broken.damage is damage

    async def test_no_other_row_can_go_with_it(
        self, database: Database, owner_database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID]
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        await owner_database.execute("ALTER TABLE audit_log_first DISABLE TRIGGER append_only")
        await owner_database.execute("DELETE FROM audit_log_first WHERE id = $1", archived[1])

        broken = (await AuditChain(database).verify()).broken
        assert broken is not None
        assert (broken.damage, broken.position) == (Damage.DELETED, 2)

    async def test_its_files_are_compared_with_the_chain(
        self, database: Database, owner_dsn: str, months: AuditMonths, archived: list[UUID], store: MemoryObjectStore
    ) -> None:
        await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
        key = await database.value("SELECT manifest_key FROM detached_months")
        content = await store.get(key=key, max_bytes=1 << 20)
        await store.delete(key=key)
        await store.put(key=key, data=content.replace(b'"rows":3', b'"rows":2'), content_type="x")

        with pytest.raises(ArchiveBrokenError, match="manifest"):
            await months.verify()


async def test_an_empty_month_needs_no_file(
    database: Database, owner_dsn: str, months: AuditMonths, past: None, log: Log, seal: Seal
) -> None:
    await months.detach(MONTH, owner_dsn=owner_dsn, older_than_days=DAYS)
    await log(datetime.now(UTC))
    await seal(1)

    assert (await AuditChain(database).verify()).is_sound
    assert [one.rows for one in await months.verify()] == [0]
    assert await database.value("SELECT row_count FROM detached_months") == 0
