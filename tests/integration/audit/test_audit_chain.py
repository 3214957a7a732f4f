"""The audit log is sealed in an order that late commits cannot upset, and every later change of it is found."""

from __future__ import annotations

import asyncio
import hashlib
import io
from uuid import uuid4

import asyncpg
import pytest
from tests.integration.audit.conftest import Seal, Write

from kro.core.audit import AuditChain, AuditFileInvalidError, AuditFiles, AuditSealer, Damage, check_file
from kro.core.database.pool import Database


async def sealed_ids(database: Database) -> list[object]:
    return [row["audit_id"] for row in await database.rows("SELECT audit_id FROM audit_seals ORDER BY position")]


async def insert(connection: asyncpg.Connection[asyncpg.Record], action: str) -> None:
    await connection.execute(
        "INSERT INTO audit_log (id, actor_kind, action, target_type, result, detail) "
        "VALUES ($1, 'system', $2, 'test', 'done', '{}')",
        uuid4(),
        action,
    )


_CHANGES = (
    "UPDATE audit_log SET action = 'x'",
    "DELETE FROM audit_log",
    "TRUNCATE audit_log",
    "DELETE FROM audit_seals",
    "DELETE FROM audit_head",
    "UPDATE audit_exports SET hash = hash",
    "TRUNCATE audit_exports",
)
_FORGED = (
    (
        "INSERT INTO audit_log (id, at, actor_kind, action, target_type, result, detail) "
        "VALUES (gen_random_uuid(), '2020-01-01', 'system', 'x', 'test', 'done', '{}')"
    ),
    (
        "INSERT INTO audit_log (id, xid, actor_kind, action, target_type, result, detail) "
        "VALUES (gen_random_uuid(), '1', 'system', 'x', 'test', 'done', '{}')"
    ),
)


class TestTheDatabaseRefuses:
    async def test_every_change_by_the_application_and_by_the_owner(self, app_dsn: str, owner_dsn: str) -> None:
        for dsn, error, statements in (
            (app_dsn, asyncpg.InsufficientPrivilegeError, (*_CHANGES, *_FORGED)),
            (owner_dsn, asyncpg.RestrictViolationError, _CHANGES),
        ):
            connection = await asyncpg.connect(dsn)
            for statement in statements:
                with pytest.raises(error):
                    await connection.execute(statement)
            await connection.close()

    async def test_the_head_goes_only_forward(self, app_dsn: str, write: Write, seal: Seal) -> None:
        await write(2)
        await seal(2)
        connection = await asyncpg.connect(app_dsn)
        for change in ("position = 1", "hash = decode(repeat('00', 32), 'hex')", "position = 9, horizon = '0'"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(f"UPDATE audit_head SET {change}")  # noqa: S608 - of this test
        await connection.close()


class TestSealing:
    async def test_in_batches_gives_one_chain(self, database: Database, write: Write, seal: Seal) -> None:
        await write(7)

        assert await seal(7, limit=3) == 7

        verdict = await AuditChain(database).verify()
        assert (verdict.is_sound, verdict.complete, verdict.through, verdict.head_position) == (True, True, 7, 7)
        logged = [row["id"] for row in await database.rows("SELECT id FROM audit_log ORDER BY xid, id")]
        assert await sealed_ids(database) == logged

    async def test_waits_for_a_transaction_that_began_before(
        self, app_dsn: str, database: Database, write: Write, seal: Seal
    ) -> None:
        late = await asyncpg.connect(app_dsn)
        transaction = late.transaction()
        await transaction.start()
        await insert(late, "late")
        await write(3)

        assert await AuditSealer(database).seal_due() == 0

        await transaction.commit()
        await late.close()
        assert await seal(4) == 4
        first = await database.value(
            "SELECT a.action FROM audit_seals AS s JOIN audit_log AS a ON a.id = s.audit_id WHERE s.position = 1"
        )
        assert first == "late"
        assert (await AuditChain(database).verify()).is_sound

    async def test_by_many_at_once_while_many_write(self, app_dsn: str, database: Database, seal: Seal) -> None:
        async def writer(number: int) -> None:
            connection = await asyncpg.connect(app_dsn)
            for step in range(10):
                async with connection.transaction():
                    await insert(connection, f"{number}.{step}")
                    # Commits come in another order than transactions began.
                    await connection.execute("SELECT pg_sleep($1)", 0.01 * ((number + step) % 3))
            await connection.close()

        async def sealer() -> None:
            for _ in range(30):
                await AuditSealer(database).seal_due(limit=7)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(writer(number) for number in range(6)), *(sealer() for _ in range(4)))
        await seal(60 - await database.value("SELECT position FROM audit_head"))

        verdict = await AuditChain(database).verify()
        assert (verdict.is_sound, verdict.head_position) == (True, 60)
        logged = [row["id"] for row in await database.rows("SELECT id FROM audit_log ORDER BY xid, id")]
        assert await sealed_ids(database) == logged


_TAMPERINGS = (
    ("UPDATE audit_log SET action = 'order.look' WHERE id = $1", Damage.CHANGED, 4),
    ("UPDATE audit_log SET reason = '' WHERE id = $1", Damage.CHANGED, 4),
    ("UPDATE audit_log SET at = at - interval '1 microsecond' WHERE id = $1", Damage.CHANGED, 4),
    ("UPDATE audit_log SET detail = detail || '{\"n\": 3.0}' WHERE id = $1", Damage.CHANGED, 4),
    ("UPDATE audit_log SET id = gen_random_uuid() WHERE id = $1", Damage.DELETED, 4),
    ("DELETE FROM audit_log WHERE id = $1", Damage.DELETED, 4),
    ("UPDATE audit_seals SET hash = sha256('') WHERE audit_id = $1", Damage.CHANGED, 4),
    ("DELETE FROM audit_seals WHERE audit_id = $1", Damage.SEAL_MISSING, 4),
    (
        (
            "WITH gone AS (DELETE FROM audit_log WHERE id = $1 RETURNING id) "
            "DELETE FROM audit_seals AS s USING gone WHERE s.audit_id = gone.id"
        ),
        Damage.SEAL_MISSING,
        4,
    ),
    ("UPDATE audit_head SET hash = sha256('') WHERE $1::uuid IS NOT NULL", Damage.HEAD_CHANGED, 6),
    (
        (
            "UPDATE audit_head SET position = 3, hash = (SELECT hash FROM audit_seals WHERE position = 3) "
            "WHERE $1::uuid IS NOT NULL"
        ),
        Damage.HEAD_CHANGED,
        4,
    ),
)
_TABLES = ("audit_log", "audit_seals", "audit_head")


class TestVerifying:
    async def test_names_the_first_row_that_was_changed(
        self, database: Database, superuser: Database, write: Write, seal: Seal
    ) -> None:
        await write(6)
        await seal(6)
        chain = AuditChain(database)
        fourth = await database.value("SELECT audit_id FROM audit_seals WHERE position = 4")
        for table in _TABLES:
            await superuser.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - of this test

        for statement, damage, position in _TAMPERINGS:
            assert await superuser.execute(statement, fourth) > 0

            broken = (await chain.verify()).broken

            assert broken is not None, statement
            assert (broken.damage, broken.position) == (damage, position), statement
            if damage in {Damage.CHANGED, Damage.DELETED}:
                assert broken.audit_id == fourth, statement
            for table in _TABLES:
                await superuser.execute(f"DELETE FROM {table}")  # noqa: S608 - of this test
                await superuser.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # noqa: S608 - of this test
            assert (await chain.verify()).is_sound

    async def test_names_a_row_that_was_slipped_in(
        self, database: Database, superuser: Database, write: Write, seal: Seal
    ) -> None:
        await write(3)
        await seal(3)
        slipped = uuid4()
        await superuser.execute(
            "INSERT INTO audit_log SELECT (jsonb_populate_record(a, jsonb_build_object('id', $1::uuid))).* "
            "FROM audit_log AS a ORDER BY a.xid, a.id LIMIT 1",
            slipped,
        )

        broken = (await AuditChain(database).verify()).broken

        assert broken is not None
        assert (broken.damage, broken.audit_id) == (Damage.INSERTED, slipped)
        # It does not become a part of the chain later.
        await write()
        await seal(1)
        assert slipped not in await sealed_ids(database)

    async def test_may_be_done_in_stretches(self, database: Database, write: Write, seal: Seal) -> None:
        await write(5)
        await seal(5)
        chain = AuditChain(database)

        first = await chain.verify(limit=3)
        rest = await chain.verify(after=first.through)

        assert (first.through, first.complete) == (3, False)
        assert (rest.after, rest.through, rest.complete, rest.is_sound) == (3, 5, True, True)

    async def test_of_an_empty_log_is_sound(self, database: Database) -> None:
        verdict = await AuditChain(database).verify()
        assert (verdict.is_sound, verdict.complete, verdict.through) == (True, True, 0)


class TestFiles:
    async def test_are_checked_with_nothing_but_a_hash(self, database: Database, write: Write, seal: Seal) -> None:
        await write(4, reason='a\nb \u2028 "quoted"')
        await seal(4)
        files = AuditFiles(database)

        content = b"".join([line async for line in files.lines(after=1, through=4)])

        stretch = check_file(io.BytesIO(content))
        assert (stretch.after, stretch.position) == (1, 4)
        assert await files.belongs(stretch)
        lines = content.split(b"\n")
        current = await AuditChain(database).hash_at(1)
        for line in lines[1:-2]:
            assert current is not None
            current = hashlib.sha256(current + line).digest()
        assert current == stretch.hash

    async def test_that_were_changed_are_refused(self, database: Database, write: Write, seal: Seal) -> None:
        await write(3)
        await seal(3)
        lines = [piece async for piece in AuditFiles(database).lines(after=0, through=3)]
        assert len(lines) == 5
        for number, line in enumerate(lines):
            before, after = lines[:number], lines[number + 1 :]
            for changed in ([*before, *after], [*before, line.replace(b"1", b"2"), *after]):
                with pytest.raises(AuditFileInvalidError):
                    check_file(changed)

    async def test_tell_of_a_chain_that_was_written_anew(
        self, database: Database, superuser: Database, write: Write, seal: Seal
    ) -> None:
        await write(3)
        await seal(3)
        files = AuditFiles(database)
        kept = check_file([line async for line in files.lines(after=0, through=3)])
        await superuser.execute("UPDATE audit_log SET action = 'nothing' ")
        await superuser.execute("DELETE FROM audit_seals")
        await superuser.execute(
            "UPDATE audit_head SET position = 0, hash = decode(repeat('00', 32), 'hex'), horizon = '0'"
        )
        await seal(3)

        assert (await AuditChain(database).verify()).is_sound
        assert not await files.belongs(kept)
