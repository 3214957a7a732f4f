"""A journey as a table: what each step did to everybody's balance, to the timeline, to notices and to the audit log.

The tables lie in ``stories``. After a change that is meant, ``KRO_RECORD=1`` writes them anew; the difference is read
like any other change.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from kro.core.decisions.encoding import encode
from kro.core.ids import read_id
from kro.core.money import Money
from kro.payment.domain import start_payment
from kro_api import World
from order_steps import shared_out, stepped, user_id_of

STORIES = Path(__file__).parent / "stories"
SHARES = {"buyer": "buyer", "seller": "seller", "order_escrow": "escrow", "fee_revenue": "fees", "vat_payable": "VAT"}


class Story:
    """Lets a journey happen step by step, and writes down what each step changed."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self._name = name
        self._lines: list[str] = []
        self._seen: dict[str, set[Any]] = {"events": set(), "notices": set(), "audits": set()}

    async def step(self, what: str, call: Any = None) -> Any:
        """Await a call over HTTP, which has to succeed, and write down what came of it."""
        result = await call if call is not None else None
        if isinstance(result, httpx2.Response):
            assert result.is_success, result.text
            result = result.json()
        await self._write(what)
        return result

    async def receive(self, what: str, order: dict[str, Any], amount: int) -> None:
        """Have the buyer pay an amount for the order by card, whatever is due."""
        application = self.world.application
        outcome = start_payment(
            user_id=user_id_of((await self.world.buyer.get("/me")).json()),
            order_id=read_id("ord", order["id"]),
            amount=Money(amount, "NGN"),
            provider="paystack",
            ids=application.base.ids,
            now=application.clock.now(),
        )
        await self.world.database.apply(encode(outcome.decision))
        await application.collecting.starter.start(payment_id=outcome.value.id)
        self.world.paystack.pay(outcome.value.reference)
        await application.collecting.collections.apply_provider_result(reference=outcome.value.reference)
        await self._write(what)

    async def wait(self, what: str, order: dict[str, Any], **units: float) -> dict[str, Any]:
        """Let time pass for the order; the worker does what is due."""
        await self.world.pass_time(order["id"], **units)
        await self._write(what)
        return await stepped(self.world.buyer.get(f"/orders/{order['id']}"))

    async def check(self) -> None:
        """Compare the story with the one that is kept, and the books with themselves."""
        told = "\n".join(self._lines) + "\n"
        kept = STORIES / f"{self._name}.txt"
        if os.environ.get("KRO_RECORD") and not os.environ.get("CI"):
            kept.write_text(told, encoding="utf-8")
        assert told == kept.read_text(encoding="utf-8"), f"{kept.name} tells another story"
        assert await self.world.violations() == {}

    async def _write(self, what: str) -> None:
        shares = await shared_out(self.world)
        self._lines += [
            what,
            "    " + "  ".join(f"{name} {shares[share] / 100:,.2f}" for share, name in SHARES.items()),
        ]
        for kind, found in (
            ("events", await self._events()),
            ("notices", await self._notices()),
            ("audits", await self._audits()),
        ):
            new = [text for key, text in found if key not in self._seen[kind]]
            self._seen[kind] |= {key for key, _ in found}
            if new:
                self._lines.append(f"    {kind}: {', '.join(new)}")

    async def _events(self) -> list[tuple[Any, str]]:
        rows = await self.world.database.rows(
            "SELECT id, type, actor_kind FROM order_events ORDER BY at, order_id, seq"
        )
        return [(row["id"], f"{row['type']} by {row['actor_kind']}") for row in rows]

    async def _notices(self) -> list[tuple[Any, str]]:
        rows = await self.world.database.rows(
            "SELECT o.id, o.payload ->> 'template' AS template, u.last_name FROM outbox AS o "
            "JOIN users AS u ON u.id = (o.payload ->> 'user_id')::uuid "
            "WHERE o.topic = 'notify' AND jsonb_array_length(o.payload -> 'channels') > 1"
        )
        return sorted(((row["id"], f"{row['template']} to {row['last_name'].lower()}") for row in rows), key=_text)

    async def _audits(self) -> list[tuple[UUID, str]]:
        rows = await self.world.database.rows("SELECT id, action, result FROM audit_log WHERE actor_kind = 'admin'")
        return sorted(((row["id"], f"{row['action']} {row['result']}") for row in rows), key=_text)


def _text(entry: tuple[Any, str]) -> str:
    return entry[1]
