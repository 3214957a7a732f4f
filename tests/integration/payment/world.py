"""Payments against a pretended vendor and a real database: everything the worker and the routes would build."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pyotp

from kro.core.actor import Actor, ActorKind
from kro.core.auth.permissions import seed_roles
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.encryption import FieldCipher
from kro.core.http import render_problem
from kro.core.ids import SystemIdSource
from kro.core.money import Money
from kro.core.two_factor import TwoFactor
from kro.kro_balance.database.invariants import LEDGER_INVARIANTS
from kro.kro_balance.domain import TaxKind, TaxRule
from kro.payment.database.due import DueTransactions
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.reads import TransactionReads
from kro.payment.database.stuck import StuckPayouts
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import (
    PAYMENT_INVARIANTS,
    PAYOUT_DAY,
    AdminPayout,
    AdminPayoutReads,
    CollectionRules,
    CollectionService,
    NameMatch,
    Payment,
    PaymentPoller,
    PaymentStarter,
    Payout,
    PayoutAccount,
    PayoutAlarms,
    PayoutDay,
    PayoutFunds,
    PayoutLimits,
    PayoutResolutions,
    PayoutRules,
    PayoutService,
    PayoutSubmitter,
    PayoutTracker,
    ReceiptListener,
    SuspenseRepository,
    SuspenseService,
    WebhookIntake,
    WebhookProcessor,
    bank_account_context,
    decide_payout_request,
    payout_day_start,
    read_payout_day,
    start_payment,
)
from kro.payment.providers import PaymentProvider, ProviderDirectory, TransferSender
from kro.payment.providers.fake import FakePaystack
from vendors import vendor_but

COLLECTION_RULES = CollectionRules(callback_url="https://kro.example/paid", payer_email_domain="payers.kro.example")
PAYOUT_RULES = PayoutRules(
    provider="paystack",
    fee_minor=5_000,
    second_approver_above_minor=100_000_000,
    max_per_hour=10_000,
    max_per_day=10_000,
)
DAY_LIMIT = 2_500_000_000
VAT = TaxRule(
    id=UUID(int=1),
    kind=TaxKind.VAT,
    currency="NGN",
    rate_bps=750,
    fixed_minor=None,
    threshold_minor=0,
    effective_from=datetime(2020, 2, 1, tzinfo=UTC),
    effective_to=None,
)
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


@dataclass
class PaymentWorld:
    """``clock`` is frozen and the vendor does only what a test tells it; ids are real, so that rivals differ."""

    database: Database
    listeners: Sequence[ReceiptListener] = ()
    sender: TransferSender | None = None
    others: Sequence[PaymentProvider] = ()
    rules: PayoutRules = PAYOUT_RULES
    taxes: Sequence[TaxRule] = (VAT,)
    provider: FakePaystack = field(default_factory=FakePaystack)
    clock: FrozenClock = field(default_factory=FrozenClock)
    ids: SystemIdSource = field(default_factory=SystemIdSource)

    def __post_init__(self) -> None:
        shared: dict[str, Any] = {
            "runner": DecisionRunner(self.database, render_problem=render_problem),
            "clock": self.clock,
            "ids": self.ids,
        }
        vendor = self.provider.provider
        if self.sender is not None:
            vendor = vendor_but(vendor, transfer_sender=self.sender)
        self.providers = ProviderDirectory((vendor, *self.others))
        payments, payouts = PaymentRepository(self.database), PayoutRepository(self.database)
        webhooks = WebhookRepository(self.database)
        self.runner: DecisionRunner = shared["runner"]
        self.cipher = FieldCipher(keys={"k1": bytes(32)}, active_key_id="k1")
        self.two_factor = TwoFactor(self.database, cipher=self.cipher, clock=self.clock)
        self.starter = PaymentStarter(payments=payments, providers=self.providers, rules=COLLECTION_RULES, **shared)
        self.collections = CollectionService(
            payments=payments,
            providers=self.providers,
            listeners=self.listeners,
            rules=COLLECTION_RULES,
            **shared,
        )
        self.submitter = PayoutSubmitter(
            payouts=payouts,
            providers=self.providers,
            cipher=self.cipher,
            rules=self.rules,
            **shared,
        )
        self.tracker = PayoutTracker(
            payouts=payouts, providers=self.providers, submitter=self.submitter, rules=self.rules, **shared
        )
        stuck = StuckPayouts(self.database)
        self.alarms = PayoutAlarms(payouts=payouts, stuck=stuck, rules=self.rules, **shared)
        self.resolutions = PayoutResolutions(stuck=stuck, two_factor=self.two_factor, rules=self.rules, **shared)
        self.payouts = PayoutService(payouts=payouts, two_factor=self.two_factor, **shared)
        self.admin_reads = AdminPayoutReads(TransactionReads(self.database))
        self.poller = PaymentPoller(
            due=DueTransactions(self.database), collections=self.collections, payouts=self.tracker, clock=self.clock
        )
        self.intake = WebhookIntake(
            webhooks=webhooks,
            verifiers={"paystack": vendor.webhooks},
            cipher=self.cipher,
            clock=self.clock,
            ids=self.ids,
        )
        self.suspense = SuspenseService(
            runner=self.runner,
            items=SuspenseRepository(self.database),
            providers=self.providers,
            clock=self.clock,
            ids=self.ids,
        )
        self.processor = WebhookProcessor(
            webhooks=webhooks,
            collections=self.collections,
            payouts=self.tracker,
            clock=self.clock,
            unmatched=self.suspense.take_in,
        )

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
        await self.two_factor.enroll(admin_id=admin_id, secret=secret)
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
