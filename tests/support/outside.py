"""The world outside three providers: who pays at each of them, and what each says it holds for the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from kro.demo.client import API, JSON
from kro.demo.sandbox import GOOD_CARD

PROVIDERS = ("paystack", "fincra", "providus")
_LEDGER = """
SELECT a.code, a.qualifier, sum(e.amount)::bigint AS amount
FROM ledger_entries AS e JOIN kro_balance AS a ON a.id = e.account_id
GROUP BY a.code, a.qualifier HAVING sum(e.amount) <> 0"""

Sums = dict[str, int]
"""What accounts hold, debit positive, by their code and what it is of: ``provider_clearing:fincra``."""


@dataclass(frozen=True)
class Outside:
    """``sandbox`` reaches the control routes, ``dsn`` the database of the running product as its owner."""

    sandbox: API
    dsn: str

    async def pay(self, payment: JSON) -> None:
        """Play the payer of a payment in full: with a card on its page, or by transfer to its account."""
        if payment["pay_to"] is not None and payment["provider"] == "providus":
            number = payment["pay_to"]["account_number"]
            wanted = {"amount": payment["amount"]["amount"]}
            await self.sandbox.post(f"/_sim/providus/accounts/{number}/pay", wanted)
        elif payment["provider"] == "fincra":
            await self.sandbox.post(f"/_sim/fincra/charges/{payment['reference']}/pay")
        else:
            card = {"card_number": GOOD_CARD.number, "cvv": GOOD_CARD.cvv, "expiry": GOOD_CARD.expiry}
            await self.sandbox.post(f"{payment['checkout_url']}/pay", card)

    async def held(self) -> dict[str, int]:
        """Return what each provider says has come to it on our account since it opened, in kobo; may be negative."""
        books = await self.sandbox.get("/_sim/books")
        naira = {name: books[name]["balances"]["NGN"] for name in PROVIDERS}
        return {name: int(one["available"] - one["opening"]) for name, one in naira.items()}

    async def sent(self, provider: str) -> dict[str, tuple[str, int]]:
        """Return status and amount of every transfer a provider has made for us, by our reference."""
        books = await self.sandbox.get("/_sim/books")
        listed = books[provider]["payouts" if provider == "fincra" else "transfers"]
        return {one["reference"]: (one["status"], one["amount"]) for one in listed}

    async def sums(self) -> Sums:
        """Return what every account of the ledger holds; people's and orders' accounts are added up by kind."""
        connection = await asyncpg.connect(self.dsn)
        try:
            rows: list[Any] = await connection.fetch(_LEDGER)
        finally:
            await connection.close()
        return {f"{row['code']}:{row['qualifier']}" if row["qualifier"] else row["code"]: row["amount"] for row in rows}

    async def clearing(self) -> dict[str, int]:
        """Return what our own books say each provider holds."""
        sums = await self.sums()
        return {name: sums.get(f"provider_clearing:{name}", 0) for name in PROVIDERS}
