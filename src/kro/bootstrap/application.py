"""The whole program, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI

from kro.bootstrap.accounts import build_captcha
from kro.bootstrap.administration import Administration, build_administration
from kro.bootstrap.auditing import Auditing, auditing_steps, build_auditing
from kro.bootstrap.choosing import Choosing, build_choosing
from kro.bootstrap.effects import (
    build_handlers,
    build_steps,
    evidence_steps,
    exception_steps,
    notice_services,
)
from kro.bootstrap.exceptions import Exceptions, build_exceptions
from kro.bootstrap.foundation import Foundation, lay_foundation
from kro.bootstrap.identity import Identity, build_identity
from kro.bootstrap.knowing import Knowing, build_knowing, knowing_steps
from kro.bootstrap.live import build_bus, build_realtime, live_steps
from kro.bootstrap.messaging import Messaging, build_messaging, messaging_steps
from kro.bootstrap.orders import Orders, build_orders
from kro.bootstrap.payments import (
    Collecting,
    Listening,
    PayingOut,
    build_collecting,
    build_listening,
    build_paying_out,
)
from kro.bootstrap.providers import Providers, choose_providers
from kro.bootstrap.reconciliation import Reconciliation, build_reconciliation, reconciliation_steps
from kro.bootstrap.refunds import Refunding, build_refunding
from kro.core.auth.passwords import PasswordHasher
from kro.core.captcha import CaptchaGate
from kro.core.clock import Clock
from kro.core.config import Settings
from kro.core.database.pool import Database
from kro.core.database.startup import require_sound
from kro.core.http import CursorSigner
from kro.core.outbox import DeadLetters, Handler
from kro.core.printing import Printer
from kro.core.realtime import RealtimeBus, RealtimeServer
from kro.core.scheduler import Step
from kro.core.storage import ObjectStore
from kro.management.database.reports import ReportReads
from kro.management.domain import Seeding
from kro.management.domain.reports import Reports
from kro.order.domain import OrderReceipts, OrderRepository
from kro.payment.domain import WebhookSubject
from kro.refund.domain import DebtReceipts, ReceivableRepository


@dataclass(frozen=True, slots=True)
class Application:
    """Every service, built and joined; :meth:`open` before use, :meth:`close` after."""

    base: Foundation
    identity: Identity
    captcha: CaptchaGate
    choosing: Choosing
    orders: Orders
    collecting: Collecting
    paying_out: PayingOut
    refunding: Refunding
    exceptions: Exceptions
    listening: Listening
    reconciliation: Reconciliation
    auditing: Auditing
    administration: Administration
    messaging: Messaging
    files: ObjectStore
    knowing: Knowing
    realtime: RealtimeServer
    bus: RealtimeBus
    outbox_handlers: Mapping[str, Handler]
    steps: Sequence[Step]

    @property
    def settings(self) -> Settings:
        return self.base.settings

    @property
    def database(self) -> Database:
        return self.base.database

    @property
    def clock(self) -> Clock:
        return self.base.clock

    @property
    def seeding(self) -> Seeding:
        return self.identity.seeding

    async def fire_timer(self, order_id: UUID, kind: str) -> None:
        """Act on a due timer of an order."""
        await self.orders.timeouts.fire(order_id=order_id, kind=kind)

    async def open(self) -> None:
        """Connect to the database.

        :raises OSError: when it is not reachable.
        :raises DatabaseRefusedError: when it cannot be entrusted with money.
        """
        database = self.base.database
        await database.open()
        try:
            await require_sound(database)
        except BaseException:
            await database.close()
            raise

    async def close(self) -> None:
        """Finish running statements and let go of every connection."""
        await self.bus.close()
        await self.base.database.close()

    def install(self, app: FastAPI) -> None:
        """Hand every service to the routes under its name."""
        base, identity = self.base, self.identity
        services: dict[str, object] = {
            **self.orders.services(),
            **self.auditing.services(),
            **self.knowing.services(),
            **self.administration.services(),
            "settings": base.settings,
            "database": base.database,
            "clock": base.clock,
            "ids": base.ids,
            "atlas": base.atlas,
            "index": base.index,
            "cursors": CursorSigner(*base.settings.security.accepted_cursor_keys),
            "user_tokens": identity.user_tokens,
            "admin_tokens": identity.admin_tokens,
            "accounts": identity.accounts,
            "admin_access": identity.admin_access,
            "bank_accounts": identity.bank_accounts,
            "verification": identity.verification,
            "captcha": self.captcha,
            "files": self.files,
            "printer": Printer(),
            "payments": self.collecting.reads,
            "top_ups": self.collecting.top_ups,
            "payer_reads": self.collecting.payers,
            "lending": self.collecting.lending,
            "provider_switches": self.choosing.switches,
            "payouts": self.paying_out.payouts,
            "payout_reads": self.paying_out.reads,
            "admin_payouts": self.paying_out.admin_reads,
            "payout_resolutions": self.paying_out.resolutions,
            "webhooks": self.listening.intake,
            "webhook_admin": self.listening.webhook_admin,
            **notice_services(base),
            "dead_letters": DeadLetters(base.database, base.ids),
            "refunds": self.refunding.reads,
            "refund_requests": self.refunding.requests,
            "refund_approvals": self.refunding.approvals,
            "admin_refunds": self.refunding.admin_reads,
            "chargebacks": self.refunding.chargebacks,
            "debts": self.refunding.debts,
            "suspense": self.exceptions.suspense,
            "proposals": self.exceptions.proposals,
            "realtime": self.realtime,
            "call_log": base.call_log,
            "delivery_reports": self.messaging.reports,
            "text_channels": self.messaging.channels,
            "reconciliation": self.reconciliation.invariants,
            "reconciliation_imports": self.reconciliation.imports,
            "reconciliation_runs": self.reconciliation.runs,
            "reconciliation_breaks": self.reconciliation.breaks,
            "safeguarding": self.reconciliation.safeguarding,
            "reports": Reports(reads=ReportReads(base.database), clock=base.clock),
            "payout_requests": identity.payout_requests,
            "step_up": base.step_up,
            "user_factors": identity.user_factors,
            "admin_administration": identity.admin_administration,
            "admin_enrolment": identity.admin_enrolment,
        }
        for name, service in services.items():
            setattr(app.state, name, service)


def build(
    settings: Settings,
    *,
    providers: Providers | None = None,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
) -> Application:
    """Join the program; nothing is opened yet. Tests bring their own outside world, time and cheaper hashes."""
    base = lay_foundation(settings, clock=clock)
    outside = providers or choose_providers(settings, recorder=base.call_log, clock=base.clock)
    choosing = build_choosing(base, outside)
    identity = build_identity(base, outside, choosing, hasher=hasher or PasswordHasher())
    orders_hear = OrderReceipts(orders=OrderRepository(base.database), ids=base.ids)
    debts_hear = DebtReceipts(receivables=ReceivableRepository(base.database), ids=base.ids)
    collecting = build_collecting(base, outside, choosing, listeners=(orders_hear, debts_hear))
    paying_out = build_paying_out(base, outside, choosing)
    orders = build_orders(base, outside, choosing, collecting)
    refunding = build_refunding(base, outside, orders)
    exceptions = build_exceptions(base, outside, orders)
    listening = build_listening(
        base,
        outside,
        collecting,
        paying_out,
        others={
            WebhookSubject.INFLOW: collecting.inflows.follow,
            WebhookSubject.REFUND: lambda _, reference: refunding.tracker.apply_provider_result(reference),
            WebhookSubject.DISPUTE: lambda _, reference: refunding.chargebacks.apply_provider_result(reference),
        },
        unmatched=exceptions.suspense.take_in,
    )
    reconciliation = build_reconciliation(base, outside)
    auditing = build_auditing(base, outside)
    messaging = build_messaging(base, outside)
    bus = build_bus(base)
    knowing = build_knowing(base, outside, orders.repository)
    return Application(
        base=base,
        identity=identity,
        captcha=build_captcha(base, outside),
        choosing=choosing,
        orders=orders,
        collecting=collecting,
        paying_out=paying_out,
        refunding=refunding,
        exceptions=exceptions,
        listening=listening,
        reconciliation=reconciliation,
        auditing=auditing,
        administration=build_administration(base, auditing, orders),
        messaging=messaging,
        files=outside.files,
        knowing=knowing,
        realtime=build_realtime(base, identity, orders, bus),
        bus=bus,
        outbox_handlers={
            **build_handlers(base, identity, outside, collecting, paying_out, refunding, bus, messaging.sms),
            **knowing.handlers(),
        },
        steps=(
            *build_steps(base, identity, listening, paying_out, refunding),
            *exception_steps(refunding, exceptions),
            *reconciliation_steps(reconciliation),
            *evidence_steps(base, orders),
            *knowing_steps(base, knowing),
            *auditing_steps(auditing),
            *live_steps(base, bus),
            *messaging_steps(base, messaging),
        ),
    )
