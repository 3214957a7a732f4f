"""The predecessor's data comes over once, to the kobo, or stays behind with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.integration.imports.importing import books, found, imported

from kro.core.ids import show_id
from kro.predecessor.errors import MappingInvalidError, SourceUnusableError
from kro.predecessor.people import id_of
from kro.predecessor.report import Side
from kro_api import World
from old_server import FITTING, HELD, MONEY_THAT_DOES_NOT_FIT, NASTY, OTHERWISE_LEFT, fill

ACCEPTED = [f"{table}:{key}" for table, key in MONEY_THAT_DOES_NOT_FIT]


class TestWhatFits:
    async def test_comes_over_to_the_kobo(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)

        report = await imported(world, old_dsn)

        assert report.fits
        assert found(report, is_money=True) == {}
        assert dict(report.posted) == {(Side.AVAILABLE, "NGN"): 1_234_568, (Side.HELD, "NGN"): HELD}
        balances = {(row[0], row[1]): row[3] for row in (await books(world.database))["balances"]}
        assert balances["user_available", id_of("users", "1")] == 1_234_567
        assert balances["user_available", id_of("users", "2")] == 1
        assert balances["order_escrow", id_of("orders", "1")] == HELD
        assert await world.violations() == {}

    async def test_comes_once_however_often_it_is_imported(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        first = await books(world.database)

        again = await imported(world, old_dsn)

        assert await books(world.database) == first
        assert again.fits
        assert again.counts["users"] == {"read": 3, "imported_before": 3}

    async def test_is_only_judged_in_a_dry_run(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        before = await books(world.database)

        report = await imported(world, old_dsn, dry=True)

        assert report.fits
        assert report.posted[Side.HELD, "NGN"] == HELD
        assert await books(world.database) == before

    async def test_comes_from_files_like_from_the_database(self, world: World, old_dsn: str, tmp_path: Path) -> None:
        await fill(old_dsn, FITTING)
        connection: Any = await asyncpg.connect(old_dsn)
        for table in ("user_roles", "users", "kro_balance", "orders", "conditions", "transactions"):
            await connection.copy_from_query(
                f'SELECT * FROM "{table}"',  # noqa: S608 - names of the test itself
                output=tmp_path / f"{table}.csv",
                format="csv",
                header=True,
            )
        await connection.close()
        await imported(world, str(tmp_path))
        first = await books(world.database)

        again = await imported(world, old_dsn)

        assert again.fits
        assert {table: count["imported"] for table, count in again.counts.items()} == dict.fromkeys(again.counts, 0)
        assert {name: rows for name, rows in (await books(world.database)).items() if name != "records"} == {
            name: rows for name, rows in first.items() if name != "records"
        }

    async def test_has_the_time_of_the_zone_it_was_written_in(self, world: World, old_dsn: str, tmp_path: Path) -> None:
        await fill(old_dsn, FITTING)
        mapping = tmp_path / "mapping.json"
        mapping.write_text(json.dumps({"zone": "Africa/Lagos"}))

        await imported(world, old_dsn, mapping=mapping)

        created = await world.database.value("SELECT created_at FROM users WHERE id = $1", id_of("users", "1"))
        assert created.isoformat() == "2025-03-01T08:30:00.125000+00:00"

    async def test_is_noticed_when_it_changed_after_it_came(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        connection: Any = await asyncpg.connect(old_dsn)
        await connection.execute('UPDATE "kro_balance" SET "availableBalance" = 0.02 WHERE "id" = 2')
        await connection.close()

        report = await imported(world, old_dsn)

        assert not report.fits
        assert found(report, is_money=True) == {("kro_balance", "2"): "changed_since_import"}
        assert report.unexplained(Side.AVAILABLE, "NGN") == 1


class TestWhatDoesNotFit:
    async def test_keeps_everything_from_being_written(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING, NASTY)
        before = await books(world.database)

        report = await imported(world, old_dsn)

        assert not report.fits
        assert found(report, is_money=True) == MONEY_THAT_DOES_NOT_FIT
        assert found(report, is_money=False) == OTHERWISE_LEFT
        assert await books(world.database) == before

    async def test_stays_behind_when_somebody_accepts_it_by_name(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING, NASTY)

        report = await imported(world, old_dsn, accepted=ACCEPTED)

        assert report.fits
        told = {(one["currency"], one["sum"]): one for one in report.told()["totals_in_minor_units"]}
        assert told["NGN", "available"] == {
            "currency": "NGN",
            "sum": "available",
            "predecessor": "1245068",
            "posted": "1234568",
            "left_behind": "10500",
            "unexplained": "0",
        }
        assert told["NGN", "held"]["left_behind"] == str(99_999 + 1_000 + 2_000 + 3_000 + 4_000 + 5_000)
        assert told["USD", "available"]["predecessor"] == "9500.5"
        assert {one["unexplained"] for one in told.values()} == {"0"}
        assert await world.violations() == {}
        here = {row["id"] for row in await world.database.rows("SELECT id FROM orders")}
        assert here == {id_of("orders", key) for key in ("1", "3", "7")}

    @pytest.mark.parametrize("left_out", ACCEPTED)
    async def test_is_accepted_row_by_row(self, world: World, old_dsn: str, left_out: str) -> None:
        await fill(old_dsn, FITTING, NASTY)

        report = await imported(world, old_dsn, accepted=[one for one in ACCEPTED if one != left_out], dry=True)

        assert not report.fits

    async def test_is_told_without_anything_about_a_person(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING, NASTY)

        told = json.dumps((await imported(world, old_dsn)).told())

        for secret in ("803", "Ada", "Twin", "example.com", "$2b$", "Laptop"):
            assert secret not in told

    async def test_is_somebody_who_is_here_already(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        connection: Any = await asyncpg.connect(old_dsn)
        await connection.execute("""UPDATE "users" SET "phoneNumber" = '08031110001' WHERE "id" = 1""")
        await connection.close()

        report = await imported(world, old_dsn)

        assert ("users", "1", "phone_taken") in {(one.table, one.key, one.code) for one in report.findings}
        assert found(report, is_money=True) == {
            ("kro_balance", "1"): "owner_not_imported",
            ("orders", "1"): "owner_not_imported",
        }


class TestWhatCannotBeRead:
    async def test_is_a_database_of_our_own(self, world: World, owner_dsn: str) -> None:
        with pytest.raises(SourceUnusableError, match="of this program"):
            await imported(world, owner_dsn)

    async def test_is_a_field_without_a_column(self, world: World, old_dsn: str, tmp_path: Path) -> None:
        await fill(old_dsn, FITTING)
        mapping = tmp_path / "mapping.json"
        fields = {"available": {"columns": ["wallet"], "transform": "major"}}
        mapping.write_text(json.dumps({"tables": {"kro_balance": {"fields": fields}}}))

        with pytest.raises(MappingInvalidError, match=r"no column for kro_balance\.available"):
            await imported(world, old_dsn, mapping=mapping)


async def test_an_order_carried_over_is_on_its_parties_lists(world: World, old_dsn: str) -> None:
    await fill(old_dsn, FITTING)
    await imported(world, old_dsn)

    rows = await world.database.rows("SELECT kind FROM timers WHERE order_id = $1", id_of("orders", "1"))
    timers = {row["kind"] for row in rows}

    assert "inspect_by" in timers
    assert show_id("ord", id_of("orders", "1")).startswith("ord_")
