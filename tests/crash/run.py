"""One run: a house under load, death after death, and a judge."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx2
from rich.console import Console
from tests.crash import controls
from tests.crash.admins import Admins
from tests.crash.book import Book
from tests.crash.drain import drain
from tests.crash.judge import Judge, broken_invariants
from tests.crash.pair import RESUME_SECONDS
from tests.crash.processes import House, NotBackError
from tests.crash.report import Figures, show
from tests.crash.settings import Control, Plan
from tests.crash.traders import Market, Trader
from tests.crash.victims import Victim, kill, order_of_death
from tests.crash.wire import Counts, Wire

from kro.core.database.embedded import Role

_DRAIN_SECONDS = 60.0


class Run:
    """Everything that is drawn by lot comes from the plan's seed, each kind from dice of its own."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._book = Book()
        self._figures = Figures()
        self._house = House(plan)
        self._dice = random.Random(plan.seed)  # noqa: S311 - a run can be tried again

    async def play(self) -> list[str]:
        """Play all cycles and return everything that was wrong, each as a sentence."""
        house = self._house
        try:
            await house.start()
            async with self._http(house.api_url) as api, self._http(house.sandbox_url) as sandbox:
                keys = random.Random(self._plan.seed + 1)  # noqa: S311 - as above
                wire = Wire(api, book=self._book, dice=keys, unkeyed=self._plan.control is Control.UNKEYED)
                try:
                    return await self._cycles(wire, sandbox)
                finally:
                    show(self._console, self._figures, self._book, wire.counts)
        finally:
            house.stop()

    async def _cycles(self, wire: Wire, sandbox: httpx2.AsyncClient) -> list[str]:
        admins = Admins(wire, count=self._plan.admins)
        await admins.log_in()
        market = Market(wire, self._book, admins, sandbox, self._plan.users)
        traders = [
            Trader(n, market=market, dice=random.Random(self._plan.seed * 1_000 + n))  # noqa: S311 - as above
            for n in range(self._plan.users)
        ]
        await asyncio.gather(*(trader.arrive() for trader in traders))
        await controls.prepare(self._plan, self._house)
        deaths = self._deaths()
        for first in range(0, len(deaths), self._plan.judge_every):
            await self._under_load(traders, deaths[first : first + self._plan.judge_every], first)
            found = await self._judge(wire, sandbox)
            if found:
                return found
            self._console.print(f"      judged: all of {self._book.acknowledged} acknowledged", highlight=False)
        return []

    def _deaths(self) -> list[Victim]:
        if self._plan.replica:
            return [Victim.PRIMARY] * self._plan.cycles
        if self._plan.control is Control.FORGETFUL:
            return [Victim.POSTGRES] * self._plan.cycles
        if self._plan.control is Control.UNKEYED:
            return [Victim.POSTGRES, Victim.API] * self._plan.cycles
        return order_of_death(self._plan.cycles, self._dice)

    async def _under_load(self, traders: list[Trader], deaths: list[Victim], first: int) -> None:
        pause = asyncio.Event()
        trading = [asyncio.create_task(trader.trade(pause)) for trader in traders]
        try:
            for number, victim in enumerate(deaths, start=first + 1):
                await asyncio.sleep(self._dice.uniform(0.3, self._plan.longest_calm_seconds))
                began = time.monotonic()
                seconds = await kill(victim, self._house, self._dice)
                if victim is Victim.PRIMARY:
                    seconds = await self._until_writing(began)
                self._figures.died(victim, back_after=seconds)
                self._console.print(
                    f"{number:>4}  {victim:<24} back after {seconds:5.2f} s, {self._book.acknowledged} acknowledged",
                    highlight=False,
                )
                self._book.surprises += await broken_invariants(self._house.dsn(Role.APP))
        except NotBackError as failure:
            self._book.surprises.append(str(failure))
        finally:
            pause.set()
            for ended in await asyncio.gather(*trading, return_exceptions=True):
                if isinstance(ended, BaseException):
                    self._book.surprises.append(f"a client broke: {ended!r}")

    async def _until_writing(self, began: float) -> float:
        """Wait until clients are answered again, return since when they were not, and give the primary a replica."""
        acknowledged = self._book.acknowledged
        while self._book.acknowledged == acknowledged:
            if time.monotonic() - began > RESUME_SECONDS:
                raise NotBackError(f"no write was acknowledged within {RESUME_SECONDS:g} s")
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - began
        assert self._house.pair is not None
        await asyncio.to_thread(self._house.pair.attach)
        return seconds

    async def _judge(self, wire: Wire, sandbox: httpx2.AsyncClient) -> list[str]:
        owner = await asyncpg.connect(self._house.dsn(Role.OWNER))
        try:
            paid = [top_up.reference for top_up in self._book.top_ups.values() if top_up.paid]
            left = await drain(owner, paid=paid, seconds=_DRAIN_SECONDS)
            await controls.tamper(self._plan, self._house)
            # The repetitions of the judge are no part of the clients' figures.
            before, wire.counts = wire.counts, Counts()
            judge = Judge(self._book, wire=wire, sandbox=sandbox, owner=owner, dsn=self._house.dsn(Role.APP))
            found = await judge.verdict(dice=self._dice, left_open=left)
            wire.counts = before
        finally:
            await owner.close()
        self._figures.judgements += 1
        return found

    @contextlib.asynccontextmanager
    async def _http(self, url: str) -> AsyncIterator[httpx2.AsyncClient]:
        async with httpx2.AsyncClient(base_url=url, timeout=15, trust_env=False) as http:
            yield http
