"""The main job of the platform over real sockets, and what the ledger holds after it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import asyncpg
from rich.console import Console

from kro.core.ids import read_id
from kro.demo import AdminLogin, run_demo
from kro.demo import expectations as due
from kro.demo.journey import Journey

CARD_FEE = 200_000
"""What Paystack keeps of a local card payment of this size: its cap of NGN 2,000."""


async def entries_of(dsn: str, order_id: str) -> dict[str, int]:
    """Return what the journals about one order put on each kind of account: credits are negative."""
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[Any] = await connection.fetch(
            """
            SELECT a.code, sum(e.amount)::bigint AS amount
            FROM ledger_entries AS e JOIN kro_balance AS a ON a.id = e.account_id
            JOIN ledger_journals AS j ON j.id = e.journal_id
            WHERE j.source_id = $1 OR j.source_id IN (SELECT id FROM transactions WHERE order_id = $1)
            GROUP BY a.code
            """,
            read_id("ord", order_id),
        )
    finally:
        await connection.close()
    return {row["code"]: row["amount"] for row in rows}


class TestAWholeEscrow:
    async def test_moves_the_money_to_the_kobo(self, journey: Journey, owner_dsn: str) -> None:
        await journey.play()

        assert await entries_of(owner_dsn, journey.timeline.order_id) == {
            "provider_clearing": due.BUYER_PAYS - CARD_FEE,
            "provider_fees": CARD_FEE,
            "user_available": -due.SELLER_RECEIVES,
            "order_escrow": 0,
            "fee_revenue": -due.FEE,
            "vat_payable": -due.VAT,
        }

    def test_is_the_same_with_two_api_processes(self, demo_on_two_processes: Callable[[Console], int]) -> None:
        output = io.StringIO()

        code = demo_on_two_processes(Console(file=output, width=120))

        assert code == 0, output.getvalue()


def test_the_demo_says_what_is_wrong_and_exits_with_1() -> None:
    nowhere = "http://127.0.0.1:9"
    output = io.StringIO()

    code = run_demo(
        base_url=nowhere,
        sandbox_url=nowhere,
        admin=AdminLogin(email="", password="", totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        console=Console(file=output, width=200),
    )

    assert code == 1
    assert "found no server" in output.getvalue()
