"""Payments against a pretended vendor and a real database: everything the worker and the routes would build."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pyotp
from tests.integration.payment.services import PaymentServices

from kro.core.actor import Actor, ActorKind
from kro.core.auth.permissions import seed_roles
from kro.core.decisions import Loaded, Once, Outcome, Reply
from kro.core.money import Money
from kro.kro_balance.database.invariants import LEDGER_INVARIANTS
from kro.kro_balance.domain import TaxKind, TaxRule
from kro.payment.database.payments import PaymentRepository
from kro.payment.domain import (
    PAYMENT_INVARIANTS,
    PAYOUT_DAY,
    AdminPayout,
    NameMatch,
    Payment,
    Payout,
    PayoutAccount,
    PayoutDay,
    PayoutFunds,
    PayoutLimits,
    bank_account_context,
    decide_payout_request,
    payout_day_start,
    read_payout_day,
    start_payment,
)

DAY_LIMIT = 2_500_000_000
STAMP_DUTY = TaxRule(
    id=UUID(int=2),
    kind=TaxKind.STAMP_DUTY,
    currency="NGN",
    rate_bps=None,
    fixed_minor=5_000,
    threshold_minor=1_000_000,
    effective_from=datetime(2026, 1, 1, tzinfo=UTC),
    effective_to=None,
)

_DAY = f"""
SELECT {PAYOUT_DAY}, available_balance($1, $5) AS available, debt_of($1, $5) AS owed
WHERE $2::uuid IS NULL AND $3::text IS NULL"""
_SUMS = """
SELECT b.code, b.qualifier, sum(e.amount)::bigint AS total
FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id GROUP BY b.code, b.qualifier"""


@dataclass(frozen=True)
class Admin:
    actor: Actor
    secret: str


class PaymentWorld(PaymentServices):
    """``clock`` is frozen and the vendor does only what a test tells it; ids are real, so that rivals differ."""

    # People

    async def add_user(self, *, email: str | None = "buyer@example.com") -> Actor:
        await seed_roles(self.database)
        user_id, session_id = self.ids.new(), self.ids.new()
        await self.database.execute(
            """
            WITH person AS (
                INSERT INTO users (id, phone, email, first_name, last_name, password_hash, status, role_code, kyc_tier)
                VALUES ($1::uuid, $1::uuid::text, $2 || $1::uuid::text, 'Demo', 'User', '-', 'active', 'member', 1)
                RETURNING id)
            INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
            SELECT $3::uuid, 'user', id, convert_to($3::uuid::text, 'UTF8'), now() + interval '1 day' FROM person
            """,
            user_id,
            email,
            session_id,
        )
        return Actor(kind=ActorKind.USER, id=user_id, session_id=session_id, request_id="req_test")

    async def add_admin(self, *, role: str = "approver") -> Admin:
        await seed_roles(self.database)
        admin_id, session_id = self.ids.new(), self.ids.new()
        await self.database.execute(
            """
            WITH person AS (
                INSERT INTO admins (id, email, name, password_hash, status, role_code)
                VALUES ($1::uuid, $1::uuid::text, 'Demo Admin', '-', 'active', $2) RETURNING id)
            INSERT INTO sessions (id, audience, admin_id, refresh_hash, expires_at)
            SELECT $3::uuid, 'admin', id, convert_to($3::uuid::text, 'UTF8'), now() + interval '1 day' FROM person
            """,
            admin_id,
            role,
            session_id,
        )
        secret = pyotp.random_base32()
        await self.two_factor.enroll(owner_id=admin_id, secret=secret)
        return Admin(Actor(kind=ActorKind.ADMIN, id=admin_id, session_id=session_id), secret)

    def code(self, admin: Admin) -> str:
        """Read an admin's authenticator at this moment."""
        return pyotp.TOTP(admin.secret).at(self.clock.now())

    # Money in

    async def start(self, user: Actor, amount: int) -> Payment:
        """Begin to collect an amount, as an order's funding would."""
        outcome = start_payment(
            user_id=user.id,
            order_id=None,
            amount=Money(amount, "NGN"),
            provider="paystack",
            ids=self.ids,
            now=self.clock.now(),
        )
        await self.carry_out(outcome)
        return outcome.value

    async def open_page(self, user: Actor, amount: int) -> Payment:
        """Begin to collect and open the checkout page."""
        payment = await self.start(user, amount)
        await self.starter.start(payment_id=payment.id)
        return payment

    async def receive(self, user: Actor, amount: int) -> Payment:
        """Collect an amount to the end."""
        payment = await self.open_page(user, amount)
        self.provider.pay(payment.reference)
        await self.collections.apply_provider_result(reference=payment.reference)
        return payment

    async def webhook(self, event: str, reference: str) -> None:
        """Deliver a signed event of the vendor's."""
        raw, headers = self.provider.webhook(event, reference)
        await self.intake.receive(provider="paystack", raw=raw, headers=headers)

    # Money out

    async def request_payout(
        self,
        user: Actor,
        amount: int,
        *,
        once: Once | None = None,
        day_limit: int = DAY_LIMIT,
        auto_below: int = 0,
        name_match: NameMatch = NameMatch.MATCH,
    ) -> Payout:
        """Ask for a payout as the management module does: one load query, one decision."""
        now = self.clock.now()
        start = payout_day_start(now)
        account = replace(self._account(), name_match=name_match)
        asked: list[Payout] = []

        async def load() -> Loaded[tuple[PayoutDay, PayoutFunds]]:
            row = await self.database.row(_DAY, user.id, None, None, start, "NGN", now)
            assert row is not None
            return Loaded((read_payout_day(row, start=start), PayoutFunds(row["available"], row["owed"])))

        def decide(state: tuple[PayoutDay, PayoutFunds]) -> Outcome[Payout]:
            return decide_payout_request(
                user_id=user.id,
                amount=Money(amount, "NGN"),
                account=account,
                funds=state[1],
                day=state[0],
                limits=PayoutLimits(
                    transaction_minor=DAY_LIMIT, day_minor=day_limit, auto_approve_below_minor=auto_below
                ),
                rules=self.rules,
                taxes=self.taxes,
                actor=user,
                ids=self.ids,
                now=now,
            )

        def render(payout: Payout) -> Reply:
            asked.append(payout)
            return Reply(status=202, body=b"{}")

        await self.runner.run(load=load, decide=decide, render=render, once=once)
        return asked[-1]

    async def approve(self, payout: Payout, admin: Admin, *, code: str | None = None, key: str | None = None) -> Reply:
        """Approve a payout with what the admin was shown, and by default a code of this moment."""
        shown = await self.admin_reads.get(payout.id)
        return await self.payouts.approve(
            payout_id=payout.id,
            totp=code or self.code(admin),
            approval_hash=shown.approval_hash,
            actor=admin.actor,
            once=once_of(admin.actor, key) if key else None,
            render=render_admin_payout,
        )

    async def approved_payout(self, user: Actor, admin: Admin, amount: int) -> Payout:
        """Receive enough, request a payout and approve it; the admin's next code is half a minute away."""
        await self.receive(user, amount + self.rules.fee_minor)
        payout = await self.request_payout(user, amount)
        await self.approve(payout, admin)
        self.clock.advance(timedelta(seconds=30))
        return payout

    def _account(self) -> PayoutAccount:
        account_id = self.ids.new()
        return PayoutAccount(
            bank_account_id=account_id,
            bank_code="058",
            bank_name="Guaranty Trust Bank",
            account_number_sealed=self.cipher.seal("0001234567", context=bank_account_context(account_id)),
            account_number_last4="4567",
            account_name="DEMO SELLER",
            currency="NGN",
            usable_from=datetime(2026, 1, 1, tzinfo=UTC),
            name_match=NameMatch.MATCH,
        )

    # What is there

    async def carry_out(self, outcome: Outcome[Any]) -> None:
        async def nothing() -> None:
            return None

        await self.runner.carry_out(load=nothing, decide=lambda _: outcome)

    async def payment(self, payment: Payment) -> Payment:
        found = await PaymentRepository(self.database).by_reference(payment.reference)
        assert found is not None
        return found

    async def payout(self, payout: Payout) -> Payout:
        return (await self.admin_reads.get(payout.id)).payout

    async def available(self, user: Actor) -> int:
        value: int = await self.database.value("SELECT available_balance($1, 'NGN')", user.id)
        return value

    async def sums(self) -> dict[str, int]:
        """Return what each kind of account holds, positive on its normal side, and check that all of it is sound.

        Accounts that net to nothing are left out.
        """
        for name, query in {**LEDGER_INVARIANTS, **PAYMENT_INVARIANTS}.items():
            assert await self.database.value(query) == 0, name
        rows = await self.database.rows(_SUMS)
        assert sum(row["total"] for row in rows) == 0
        debit = {"provider_clearing", "provider_fees", "losses"}
        return {row["code"]: row["total"] * (1 if row["code"] in debit else -1) for row in rows if row["total"]}

    async def count(self, table: str, **equal: object) -> int:
        where = " AND ".join(f"{column} = ${place}" for place, column in enumerate(equal, start=1)) or "true"
        value: int = await self.database.value(f"SELECT count(*) FROM {table} WHERE {where}", *equal.values())  # noqa: S608 - names from tests
        return value


def once_of(actor: Actor, key: str) -> Once:
    return Once(principal_id=actor.id, key=key, route="POST /test", fingerprint=key)


def render_admin_payout(shown: AdminPayout) -> Reply:
    return Reply(status=200, body=orjson.dumps({"status": shown.payout.status}))


async def at_once(calls: Sequence[Callable[[], Awaitable[object]]]) -> list[object]:
    """Run calls at the same moment and return what each returned or raised."""
    return await asyncio.gather(*(call() for call in calls), return_exceptions=True)
