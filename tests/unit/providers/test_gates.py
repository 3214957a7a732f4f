from __future__ import annotations

import asyncio

import pytest

from kro.core.outgoing import BreakerState, GateRules, NotSent, OutcomeUnknown, Reply
from kro.core.outgoing.exchange import Exchange
from kro.core.outgoing.gates import BREAKER_OPEN, BULKHEAD_FULL, Gates

RULES = GateRules(at_once=3, wait_seconds=0.05)


@pytest.fixture
def gates() -> Gates:
    return Gates(RULES, now=lambda: 0.0)


async def answer() -> Exchange:
    return Reply(200, {})


async def refuse() -> Exchange:
    return Reply(422, {"message": "no"})


async def silence() -> Exchange:
    return OutcomeUnknown("ReadTimeout")


async def nowhere() -> Exchange:
    return NotSent("ConnectError")


class TestTheBreaker:
    @pytest.mark.parametrize("failing", [silence, nowhere])
    async def test_shuts_one_operation_and_leaves_the_others_alone(self, gates: Gates, failing: object) -> None:
        for _ in range(5):
            await gates.through("transfer", failing)  # type: ignore[arg-type] # one of two coroutine functions

        shut = await gates.through("transfer", answer)
        other = await gates.through("verify", answer)

        assert shut == NotSent(BREAKER_OPEN)
        assert other == Reply(200, {})
        assert gates.states() == {"transfer": BreakerState.OPEN, "verify": BreakerState.CLOSED}

    async def test_does_not_count_what_the_provider_refuses(self, gates: Gates) -> None:
        for _ in range(50):
            await gates.through("transfer", refuse)

        assert await gates.through("transfer", answer) == Reply(200, {})

    async def test_learns_nothing_from_a_call_that_was_given_up(self) -> None:
        time = [0.0]
        gates = Gates(RULES, now=lambda: time[0])
        for _ in range(5):
            await gates.through("transfer", silence)
        time[0] = 30.0
        probe = asyncio.ensure_future(gates.through("transfer", lambda: asyncio.sleep(60, Reply(200, {}))))
        await asyncio.sleep(0)
        assert gates.states() == {"transfer": BreakerState.PROBING}

        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)

        assert await gates.through("transfer", answer) == Reply(200, {})
        assert gates.states() == {"transfer": BreakerState.CLOSED}


class TestTheBulkhead:
    async def test_lets_so_many_in_and_the_rest_not_at_all(self, gates: Gates) -> None:
        let_go = asyncio.Event()
        under_way = 0

        async def slow() -> Exchange:
            nonlocal under_way
            under_way += 1
            await let_go.wait()
            return Reply(200, {})

        inside = [asyncio.ensure_future(gates.through("verify", slow)) for _ in range(3)]
        await asyncio.sleep(0)
        turned_away = await asyncio.gather(*(gates.through("verify", slow) for _ in range(4)))
        beside = await gates.through("banks", answer)
        let_go.set()

        assert turned_away == [NotSent(BULKHEAD_FULL)] * 4
        assert beside == Reply(200, {})
        assert await asyncio.gather(*inside) == [Reply(200, {})] * 3
        assert under_way == 3
        assert await gates.through("verify", answer) == Reply(200, {})
