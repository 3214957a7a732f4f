"""The verdict: what the clients were told, against the ledger, the API and the bank's side."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx2
from tests.crash.book import Book, Journal, Operation
from tests.crash.wire import Wire

from kro.bootstrap.reconciliation import INVARIANTS
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database, PoolOptions

_SHOWN: Final = 5
_AGAIN: Final = 200
_AT_ONCE: Final = 8


async def broken_invariants(dsn: str) -> list[str]:
    """Ask every invariant, on one snapshot; they hold under load as well."""
    database = await Database.connect(PoolOptions(dsn=dsn, size=1))
    try:
        checks = await Invariants(database, INVARIANTS, statement_seconds=60).check()
    finally:
        await database.close()
    return [f"invariant {check.name}: {check.violations} violations" for check in checks if not check.holds]


class Judge:
    """Everybody's books must be one. Each question returns sentences; no sentence is a good answer."""

    def __init__(
        self,
        book: Book,
        *,
        wire: Wire,
        sandbox: httpx2.AsyncClient,
        owner: asyncpg.Connection[asyncpg.Record],
        dsn: str,
    ) -> None:
        """Judge by ``book``; ``owner`` looks into every table, ``dsn`` is the application's way in."""
        self._book = book
        self._wire = wire
        self._sandbox = sandbox
        self._owner = owner
        self._dsn = dsn

    async def verdict(self, *, dice: random.Random, left_open: int) -> list[str]:
        bank = (await self._sandbox.get("/_sim/books")).json()["paystack"]
        found = [f"{left_open} things never came to an end"] if left_open else []
        found += self._book.surprises
        found += await self._rows()
        expected, open_refunds = await self._expected_journals(bank, found)
        found += await self._journals(expected)
        found += await self._balances(open_refunds)
        found += await self._outbox()
        found += await broken_invariants(self._dsn)
        found += await self._answers(dice)
        return found

    async def _rows(self) -> list[str]:
        """Whatever was acknowledged exists once, and nothing exists that nobody asked for."""
        book = self._book
        asked: dict[str, tuple[set[UUID], str]] = {
            "order": (set(book.orders), "SELECT id FROM orders"),
            "payment": (set(book.top_ups), "SELECT id FROM transactions WHERE kind = 'payment'"),
            "payout": (set(book.payouts), "SELECT id FROM transactions WHERE kind = 'payout'"),
            "refund": (set(book.refunds), "SELECT id FROM refunds WHERE destination = 'source'"),
        }
        found = []
        for what, (known, query) in asked.items():
            stored = {row["id"] for row in await self._owner.fetch(query)}
            found += _sentences(f"acknowledged {what} is lost", known - stored)
            found += _sentences(f"{what} exists that nobody was told of (doubled)", stored - known)
        statuses = {row["id"]: row["status"] for row in await self._owner.fetch("SELECT id, status FROM orders")}
        wrong = {id_ for id_, status in book.orders.items() if statuses.get(id_, status) != status}
        return found + _sentences("order has another status than its parties were told", wrong)

    async def _expected_journals(self, bank: Any, found: list[str]) -> tuple[Counter[Journal], Counter[int]]:
        """Add what follows from the bank's side; the rest the clients know. Return also who has refunds on the way."""
        expected = self._book.journals.copy()
        transfers: dict[int, list[str]] = {}
        for transfer in bank["transfers"]:
            transfers.setdefault(transfer["amount"], []).append(transfer["status"])
        for id_, payout in self._book.payouts.items():
            sent = transfers.pop(payout.amount, [])
            expected["payout_requested", "payout", id_] += 1
            if len(sent) != int(payout.approved):
                found.append(f"payout {id_} has {len(sent)} transfers, approved: {payout.approved}")
            ending = "payout_rejected" if payout.rejected else "payout_settled" if sent == ["success"] else None
            ending = ending or ("payout_failed" if sent == ["failed"] else None)
            if ending is not None:
                expected[ending, "payout", id_] += 1
        found += _sentences("transfer left for no payout anybody asked for, of kobo", transfers)
        return expected, await self._refunds(bank, expected, found)

    async def _refunds(self, bank: Any, expected: Counter[Journal], found: list[str]) -> Counter[int]:
        on_the_way: Counter[int] = Counter()
        paid_back: dict[str, list[tuple[int, str]]] = {}
        for refund in bank["refunds"]:
            paid_back.setdefault(refund["transaction_reference"], []).append((refund["amount"], refund["status"]))
        for id_, given in self._book.refunds.items():
            expected["refund_to_source_requested", "refund", id_] += 1
            went = paid_back.pop(given.reference, [])
            if went == [(given.amount, "processed")]:
                expected["refund_confirmed", "refund", id_] += 1
            elif went:
                found.append(f"refund {id_} of {given.amount} reached the card as {went}")
            else:
                on_the_way[given.who] += given.amount
        found += _sentences("refund reached a card that nobody asked for, of payment", paid_back)
        return on_the_way

    async def _journals(self, expected: Counter[Journal]) -> list[str]:
        rows = await self._owner.fetch("SELECT kind, source_type, source_id FROM ledger_journals")
        stored = Counter(
            (row["kind"], row["source_type"], row["source_id"]) for row in rows if row["kind"] not in _OURS
        )
        return [
            *_sentences("acknowledged journal is lost", (expected - stored).elements()),
            *_sentences("journal nobody was told of (doubled)", (stored - expected).elements()),
        ]

    async def _balances(self, on_the_way: Counter[int]) -> list[str]:
        """What every user sees is what their own notes say, to the kobo."""
        book, found = self._book, []
        available = book.available.copy()
        rows = {row["id"]: row["status"] for row in await self._owner.fetch("SELECT id, status FROM transactions")}
        for id_, payout in book.payouts.items():
            if rows.get(id_) not in {"rejected", "failed"}:
                available[payout.who] -= payout.total
        for refund in book.refunds.values():
            available[refund.who] -= refund.amount
        for number in sorted(available):
            shown = (await self._wire.get(f"user{number}", "/balance"))["data"]
            naira = next((item for item in shown if item["currency"] == "NGN"), None)
            seen = tuple(naira[name]["amount"] if naira else 0 for name in ("available", "in_escrow", "in_transit"))
            noted = (available[number], book.escrow[number], on_the_way[number])
            if seen != noted:
                found.append(f"user{number} sees {seen} (available, in escrow, in transit), noted {noted}")
        return found

    async def _outbox(self) -> list[str]:
        rows = await self._owner.fetch("SELECT topic, state, last_error FROM outbox WHERE state <> 'delivered'")
        return _sentences("outbox message", [tuple(row) for row in rows])

    async def _answers(self, dice: random.Random) -> list[str]:
        """Repeat what was not repeated before, and some of the rest: the same key gives the same answer, again."""
        new = [operation for operation in self._book.operations if not operation.judged and operation.acknowledged]
        old = [operation for operation in self._book.operations if operation.judged]
        chosen = new + dice.sample(old, min(_AGAIN, len(old)))
        found: list[str] = []
        waiting = iter(chosen)

        async def repeat() -> None:
            for operation in waiting:
                found.extend(await self._repeated(operation))

        await asyncio.gather(*(repeat() for _ in range(_AT_ONCE)))
        return _sentences("the same key", found)

    async def _repeated(self, operation: Operation) -> Sequence[str]:
        operation.judged = True
        answer = await self._wire.ask(operation)
        if answer is None:
            return [f"{operation.path} ({operation.key}) was not answered"]
        again = answer.headers.get("idempotent-replayed") == "true"
        if again and (answer.status_code, answer.content) == (operation.status, operation.answer):
            return []
        return [f"{operation.path} ({operation.key}) was answered otherwise: {answer.status_code}, replayed: {again}"]


_OURS: Final = frozenset({"provider_fee"})
"""What the platform books with its providers, beside what users asked for."""


def _sentences(what: str, which: Iterable[Any]) -> list[str]:
    listed = sorted(map(str, which))
    more = [f"{what}: and {len(listed) - _SHOWN} more"] if len(listed) > _SHOWN else []
    return [f"{what}: {one}" for one in listed[:_SHOWN]] + more
