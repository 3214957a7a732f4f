"""Runs and breaks: once a night, taken over after a death, opened and closed with the facts, told by mail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.integration.reconciliation.book import NOW, START, ReconciliationWorld, Told

from kro.core.email.fake import FakeEmail
from kro.core.notifications import AlertTopic, Templates
from kro.core.outbox import OutboxRelay
from kro.payment.domain import ProviderUnavailableError, RunStatus
from kro.payment.providers.history import HistoryItem

AT = START + timedelta(days=3)


async def status_of(world: ReconciliationWorld, reference: str) -> str:
    return str(await world.database.value("SELECT status FROM reconciliation_breaks WHERE reference = $1", reference))


class Unreachable:
    async def history(self, *, since: datetime, until: datetime) -> list[HistoryItem]:
        raise ProviderUnavailableError(cause="timeout")


class TestABreak:
    async def test_closes_itself_when_it_is_mended(self, world: ReconciliationWorld) -> None:
        await world.tell([Told("charge", "77", 500, AT)])
        await world.runs.run_now()
        assert await world.open_breaks() == [("missing_in_ledger", "77")]

        await world.post("receipt", "77", 500, at=AT)
        run = await world.runs.run_now()

        assert (run.matched, run.opened, run.closed) == (1, 0, 1)
        assert await status_of(world, "77") == "closed"

    async def test_that_a_person_resolved_stays_so_until_a_side_changes(self, world: ReconciliationWorld) -> None:
        await world.post("receipt", "77", 500, at=AT)
        await world.tell([Told("charge", "77", 400, AT)])
        await world.runs.run_now()
        admin = await world.owner.value(
            "INSERT INTO admins (id, email, name, password_hash, status, role_code)"
            " VALUES (gen_random_uuid(), 'a@kro.example', 'A', 'x', 'active', 'finance') RETURNING id"
        )
        await world.owner.execute(
            "UPDATE reconciliation_breaks SET status = 'resolved', resolution = 'accepted_difference', note = 'n',"
            " resolved_by = $1, ended_at = now()",
            admin,
        )
        assert (await world.runs.run_now()).opened == 0
        assert await status_of(world, "77") == "resolved"

        await world.owner.execute("UPDATE reconciliation_breaks SET outside = 300")
        assert (await world.runs.run_now()).opened == 1
        assert await world.open_breaks() == [("amount_differs", "77")]


class TestTheNight:
    async def test_is_asked_for_once_a_day_by_two_workers(self, world: ReconciliationWorld) -> None:
        await asyncio.gather(*(world.runs.request_nightly() for _ in range(8)))
        assert await world.database.value("SELECT count(*) FROM reconciliation_runs") == 1
        world.clock.advance(timedelta(days=1))
        await world.runs.request_nightly()
        slots = await world.database.rows("SELECT slot FROM reconciliation_runs ORDER BY slot")
        assert (slots[1]["slot"] - slots[0]["slot"]).days == 1

    async def test_waits_for_its_hour_in_lagos(self, world: ReconciliationWorld) -> None:
        world.rules = replace(world.rules, nightly_hour=23)
        await world.runs.request_nightly()
        assert await world.database.value("SELECT count(*) FROM reconciliation_runs") == 0

    async def test_is_carried_out_by_one_of_two_workers(self, world: ReconciliationWorld) -> None:
        await world.runs.request_nightly()
        done = await asyncio.gather(*(world.runs.work() for _ in range(4)))
        assert sum(done) == 1
        assert await world.database.value("SELECT status FROM reconciliation_runs") == "done"

    async def test_says_which_provider_was_not_reached(
        self, world: ReconciliationWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(world.history, "_reader", Unreachable())
        await world.runs.request_nightly()
        assert await world.runs.work() == 1
        report = await world.database.value("SELECT report FROM reconciliation_runs")
        assert report["not_imported"] == ["paystack"]
        assert await world.alarms() == ["reconciliation_import"]
        assert await world.database.value("SELECT count(*) FROM reconciliation_imports") == 0

    async def test_asks_the_provider_and_keeps_the_answer(self, world: ReconciliationWorld) -> None:
        await world.runs.request_nightly()
        await world.runs.work()
        row: Any = await world.database.row("SELECT origin, state, period_to FROM reconciliation_imports")
        assert (row["origin"], row["state"]) == ("api", "loaded")
        assert row["period_to"] <= NOW


class TestADeath:
    async def test_midway_is_taken_over_and_what_was_done_stays(
        self, world: ReconciliationWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await world.post("receipt", "77", 500, at=AT)
        await world.tell([Told("charge", "77", 500, AT), Told("charge", "78", 500, AT)])
        await world.runs.request_nightly()
        runs = world.runs

        async def die(*_: Any) -> None:
            raise asyncio.CancelledError

        monkeypatch.setattr(runs, "_close", die)
        with pytest.raises(asyncio.CancelledError):
            await runs.work()
        assert await world.open_breaks() == [("missing_in_ledger", "78")]
        assert await world.runs.work() == 0

        world.clock.advance(timedelta(minutes=16))
        assert await world.runs.work() == 1

        assert await world.database.value("SELECT status FROM reconciliation_runs") == RunStatus.DONE
        assert await world.alarms() == ["reconciliation_breaks"]
        assert await world.database.value("SELECT count(*) FROM reconciliation_matches") == 1
        assert await world.open_breaks() == [("missing_in_ledger", "78")]


class TestAlarms:
    async def test_of_uncovered_customers_reach_the_operators_by_mail(self, world: ReconciliationWorld) -> None:
        await world.write_book(charges=20, transfers=8, refunds=2, settlements=0)
        run = await world.runs.run_now()
        [cover] = run.report["safeguarding"]
        # Providers keep their fees, so customers are covered to a little less than the whole.
        assert cover["ratio_bps"] < 10_000
        assert await world.alarms() == []

        world.rules = replace(world.rules, safeguarding_min_bps=10_000)
        await world.runs.run_now()

        assert await world.alarms() == ["safeguarding"]
        email = FakeEmail()
        topic = AlertTopic(email=email, templates=Templates(), address="operations@kro.example")
        await OutboxRelay(world.database, {"alert": topic.handle}).run_until_idle()
        [mail] = email.sent
        assert "NGN is not fully covered" in mail.subject
        assert str(cover["owed"]) in mail.text
