from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError
from kro.core.outbox import Envelope, GiveUp, OutboxRelay, OutboxState, OutboxStore, RelayOptions, RetryLater
from kro.core.outbox.store import Verdict

Post = Callable[..., Awaitable[UUID]]
State = Callable[[UUID], Awaitable[dict[str, Any]]]
Eventually = Callable[..., Awaitable[None]]


class Recorder:
    """A handler that remembers what it was given, in order, and fails where it is told to."""

    def __init__(self, *, failing: dict[UUID, list[Exception]] | None = None, seconds: float = 0) -> None:
        self.seen: list[Envelope] = []
        self._failing = failing or {}
        self._seconds = seconds

    async def handle(self, envelope: Envelope) -> None:
        self.seen.append(envelope)
        await asyncio.sleep(self._seconds)
        if self._failing.get(envelope.id):
            raise self._failing[envelope.id].pop(0)


class ProviderDownError(KroError):
    """The provider was not reached."""

    kind = ErrorKind.PROVIDER_FAILED
    code = "provider_down"


class TestDelivery:
    async def test_a_message_is_delivered_once_with_its_payload(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post(greeting="hello")
        recorder = Recorder()
        relay = OutboxRelay(database, {"demo": recorder.handle}, options=quick)

        assert await relay.run_until_idle() == 1
        assert await relay.run_until_idle() == 0

        [envelope] = recorder.seen
        assert (envelope.id, envelope.topic, envelope.payload) == (message_id, "demo", {"greeting": "hello"})
        row = await state(message_id)
        assert row["state"] == "delivered"
        assert row["attempts"] == 1
        assert row["delivered_at"] is not None
        assert row["lease_until"] is None

    async def test_topics_without_a_handler_are_left_for_others(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post("of.another.release")

        assert await OutboxRelay(database, {"demo": Recorder().handle}, options=quick).run_until_idle() == 0

        row = await state(message_id)
        assert (row["state"], row["attempts"]) == ("pending", 0)

    async def test_a_batch_costs_one_claim_and_one_settlement(
        self, database: Database, post: Post, quick: RelayOptions
    ) -> None:
        for _ in range(15):
            await post()
        before = database.trips

        await OutboxRelay(database, {"demo": Recorder().handle}, options=quick).run_until_idle()

        assert database.trips - before == 3, "claim, settle, and the claim that finds nothing"

    async def test_no_more_run_at_once_than_allowed(self, database: Database, post: Post, quick: RelayOptions) -> None:
        running, peak = 0, 0

        async def handle(_: Envelope) -> None:
            nonlocal running, peak
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0.01)
            running -= 1

        for _ in range(12):
            await post()
        await OutboxRelay(database, {"demo": handle}, options=replace(quick, parallel=4)).run_until_idle()

        assert peak == 4


class TestOrder:
    async def test_messages_of_one_key_are_handled_strictly_in_order(
        self, database: Database, post: Post, quick: RelayOptions
    ) -> None:
        for number in range(5):
            for key in ("a", "b", "c"):
                await post(key=key, key_name=key, number=number)
        recorder = Recorder(seconds=0.005)
        relays = [OutboxRelay(database, {"demo": recorder.handle}, options=quick) for _ in range(3)]

        for _ in range(2):
            await asyncio.gather(*(relay.run_until_idle() for relay in relays))

        for key in ("a", "b", "c"):
            numbers = [e.payload["number"] for e in recorder.seen if e.payload["key_name"] == key]
            assert numbers == [0, 1, 2, 3, 4]

    async def test_a_message_waits_for_the_failed_one_before_it_but_other_keys_do_not(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        first, second = await post(key="a"), await post(key="a")
        other = await post(key="b")
        recorder = Recorder(failing={first: [RetryLater("not_yet", after_seconds=3600)]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        assert {e.id for e in recorder.seen} == {first, other}
        assert (await state(second))["attempts"] == 0

    async def test_a_dead_message_does_not_block_its_successors(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        first, second = await post(key="a"), await post(key="a")
        recorder = Recorder(failing={first: [GiveUp("nobody_there")]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        assert (await state(first))["state"] == "dead"
        assert (await state(second))["state"] == "delivered"

    async def test_the_time_of_writing_counts_before_the_id(
        self, database: Database, post: Post, quick: RelayOptions
    ) -> None:
        # Two hosts make ids by their own clocks; the later message may carry the smaller id.
        later, earlier = await post(key="a", which="later"), await post(key="a", which="earlier")
        await database.execute("UPDATE outbox SET created_at = now() - interval '1 second' WHERE id = $1", earlier)
        recorder = Recorder()

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        assert [e.id for e in recorder.seen] == [earlier, later]


class TestSeveralRelays:
    async def test_two_relays_at_once_deliver_each_message_once(
        self, database: Database, post: Post, quick: RelayOptions
    ) -> None:
        for number in range(150):
            await post(key=f"key-{number % 20}" if number % 2 else None)
        recorders = [Recorder(seconds=0.002), Recorder(seconds=0.002)]
        relays = [OutboxRelay(database, {"demo": r.handle}, options=replace(quick, parallel=7)) for r in recorders]

        while await database.value("SELECT count(*) FROM outbox WHERE state = 'pending'"):
            await asyncio.gather(*(relay.run_until_idle() for relay in relays))

        counts = Counter(e.id for recorder in recorders for e in recorder.seen)
        assert len(counts) == 150
        assert set(counts.values()) == {1}
        assert all(recorder.seen for recorder in recorders)

    async def test_what_a_killed_worker_had_in_hand_is_delivered_by_another(
        self, database: Database, post: Post, state: State, quick: RelayOptions, eventually: Eventually
    ) -> None:
        message_id = await post()
        options = replace(quick, lease_seconds=0.4)
        # All that a killed worker leaves is its claim.
        await OutboxStore(database).claim(topics=["demo"], lease_seconds=options.lease_seconds, limit=1)

        recorder = Recorder()
        rescuer = OutboxRelay(database, {"demo": recorder.handle}, options=options)
        assert await rescuer.run_until_idle() == 0, "the lease still holds"
        run = asyncio.create_task(rescuer.run())
        await eventually(lambda: bool(recorder.seen))
        rescuer.stop()
        await run

        assert recorder.seen[0].attempts == 2
        assert (await state(message_id))["state"] == "delivered"

    async def test_who_lost_its_lease_may_report_success_but_not_failure(
        self, database: Database, post: Post, state: State
    ) -> None:
        message_id = await post()
        store = OutboxStore(database)
        [lost] = await store.claim(topics=["demo"], lease_seconds=0, limit=1)
        [held] = await store.claim(topics=["demo"], lease_seconds=60, limit=1)
        assert (lost.attempts, held.attempts) == (1, 2)

        await store.settle([Verdict(lost, OutboxState.DEAD, error="too_late")])
        row = await state(message_id)
        assert (row["state"], row["last_error"]) == ("pending", None)
        assert row["lease_until"] is not None

        await store.settle([Verdict(lost, OutboxState.DELIVERED)])
        await store.settle([Verdict(held, OutboxState.PENDING, error="never_mind")])
        assert (await state(message_id))["state"] == "delivered"


class TestFailure:
    async def test_a_failure_backs_off_by_the_schedule(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        recorder = Recorder(failing={message_id: [RuntimeError("a name: 08031234567")]})
        options = replace(quick, delays=(100,), jitter=lambda: 0.5)

        await OutboxRelay(database, {"demo": recorder.handle}, options=options).run_until_idle()

        row = await state(message_id)
        wait = await database.value(
            "SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM outbox WHERE id = $1", message_id
        )
        assert 105 < wait < 111
        assert (row["state"], row["lease_until"]) == ("pending", None)
        assert row["last_error"] == "RuntimeError", "the text of an error may name people"

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (RetryLater("slow_down", after_seconds=500), "slow_down"),
            (ProviderDownError(retry_after_seconds=500), "provider_down"),
        ],
    )
    async def test_a_handler_may_name_the_delay(
        self, database: Database, post: Post, state: State, quick: RelayOptions, error: Exception, told: str
    ) -> None:
        message_id = await post()
        recorder = Recorder(failing={message_id: [error]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        wait = await database.value(
            "SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM outbox WHERE id = $1", message_id
        )
        assert 495 < wait <= 500
        assert (await state(message_id))["last_error"] == told

    async def test_after_the_last_try_it_is_dead(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        recorder = Recorder(failing={message_id: [RuntimeError(), RuntimeError(), RuntimeError(), RuntimeError()]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        assert [e.attempts for e in recorder.seen] == [1, 2, 3]
        assert (await state(message_id))["state"] == "dead"

    async def test_waiting_for_news_uses_up_no_try(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        waiting = [RetryLater("outcome_awaited", after_seconds=0, is_try=False) for _ in range(10)]
        recorder = Recorder(failing={message_id: [*waiting, RuntimeError(), RuntimeError(), RuntimeError()]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        assert [e.tries for e in recorder.seen] == [*([1] * 11), 2, 3]
        row = await state(message_id)
        assert (row["state"], row["attempts"], row["waits"]) == ("dead", 13, 10)

    async def test_giving_up_needs_one_try(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        recorder = Recorder(failing={message_id: [GiveUp("expired")]})

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        row = await state(message_id)
        assert (len(recorder.seen), row["state"], row["last_error"]) == (1, "dead", "expired")

    async def test_a_message_that_kills_every_worker_ends_dead_without_another_try(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        await database.execute("UPDATE outbox SET attempts = 3, lease_until = now() WHERE id = $1", message_id)
        recorder = Recorder()

        await OutboxRelay(database, {"demo": recorder.handle}, options=quick).run_until_idle()

        row = await state(message_id)
        assert (recorder.seen, row["state"], row["last_error"]) == ([], "dead", "attempts_exhausted")

    async def test_a_handler_that_hangs_is_cut_off_below_its_lease(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()
        options = replace(quick, lease_seconds=0.2, delays=(3600,))

        await OutboxRelay(database, {"demo": Recorder(seconds=3600).handle}, options=options).run_until_idle()

        row = await state(message_id)
        assert (row["state"], row["last_error"]) == ("pending", "TimeoutError")

    async def test_a_handler_that_is_cancelled_from_inside_does_not_end_the_relay(
        self, database: Database, post: Post, state: State, quick: RelayOptions
    ) -> None:
        message_id = await post()

        async def handle(_: Envelope) -> None:
            raise asyncio.CancelledError

        await OutboxRelay(database, {"demo": handle}, options=replace(quick, delays=(3600,))).run_until_idle()

        assert (await state(message_id))["last_error"] == "interrupted"


class TestRunning:
    async def test_it_delivers_what_is_posted_while_it_runs_and_stops_when_told(
        self, database: Database, post: Post, quick: RelayOptions, eventually: Eventually
    ) -> None:
        recorder = Recorder()
        relay = OutboxRelay(database, {"demo": recorder.handle}, options=quick)
        run = asyncio.create_task(relay.run())
        for _ in range(3):
            await post()
        await eventually(lambda: len(recorder.seen) == 3)

        relay.stop()
        await asyncio.wait_for(run, 2)

        assert await database.value("SELECT count(*) FROM outbox WHERE state = 'delivered'") == 3

    async def test_a_wake_up_spares_the_poll(
        self, database: Database, post: Post, quick: RelayOptions, eventually: Eventually
    ) -> None:
        recorder = Recorder()
        relay = OutboxRelay(database, {"demo": recorder.handle}, options=replace(quick, poll_seconds=3600))
        run = asyncio.create_task(relay.run())
        await asyncio.sleep(0.1)
        await post()

        relay.wake()

        await eventually(lambda: bool(recorder.seen))
        relay.stop()
        await asyncio.wait_for(run, 2)

    async def test_a_slow_message_does_not_hold_up_the_others(
        self, database: Database, post: Post, quick: RelayOptions, eventually: Eventually
    ) -> None:
        slow = await post()
        release, done = asyncio.Event(), []

        async def handle(envelope: Envelope) -> None:
            if envelope.id == slow:
                await release.wait()
            done.append(envelope.id)

        relay = OutboxRelay(database, {"demo": handle}, options=replace(quick, parallel=2))
        run = asyncio.create_task(relay.run())
        quick_ones = [await post() for _ in range(5)]

        await eventually(lambda: done == quick_ones)
        release.set()
        relay.stop()
        await asyncio.wait_for(run, 2)
        assert done == [*quick_ones, slow]
