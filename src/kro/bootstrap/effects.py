"""Effects outside the database: what the worker does with messages, and what it repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kro.bootstrap.accounts import account_steps
from kro.bootstrap.exceptions import Exceptions
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.growth import growth_steps, retention_steps
from kro.bootstrap.identity import Identity
from kro.bootstrap.live import told_live
from kro.bootstrap.orders import Orders
from kro.bootstrap.payments import Collecting, Listening, PayingOut
from kro.bootstrap.providers import Providers
from kro.bootstrap.refunds import Refunding
from kro.core.email.sendgrid_events import SendGridEvents
from kro.core.notifications import (
    AlertTopic,
    FormerContactTopic,
    HandoverTopic,
    Inbox,
    InviteTopic,
    LinkTopic,
    MailOTPTopic,
    NoticeLog,
    NotifyTopic,
    OTPTopic,
    PreferenceStore,
    Previews,
    Templates,
)
from kro.core.notifications.mail_reports import MailReports
from kro.core.outbox import Envelope, Handler
from kro.core.realtime import RealtimeBus, RealtimeTopic
from kro.core.scheduler import Step
from kro.core.sms import SMSProvider
from kro.kro_balance.domain import Rollups
from kro.management.domain import EXPORT_TOPIC
from kro.refund.domain import UnheardDisputes
from kro.verification.domain import VOID_TOPIC


def mail_reports(base: Foundation) -> MailReports:
    events = SendGridEvents(base.settings.send_grid.accepted_webhook_keys, clock=base.clock)
    return MailReports(base.database, events, ids=base.ids)


def notice_services(base: Foundation) -> Mapping[str, object]:
    """Return what the routes about notices use, by name."""
    return {
        "inbox": Inbox(base.database, clock=base.clock),
        "notification_preferences": PreferenceStore(base.database, clock=base.clock, ids=base.ids),
        "notice_log": NoticeLog(base.database, ids=base.ids),
        "notice_previews": Previews(Templates()),
        "mail_reports": mail_reports(base),
    }


def build_handlers(
    base: Foundation,
    identity: Identity,
    providers: Providers,
    collecting: Collecting,
    paying_out: PayingOut,
    refunding: Refunding,
    bus: RealtimeBus,
    texts: SMSProvider,
) -> Mapping[str, Handler]:
    """Return what to do with each topic of the outbox."""

    async def start_payment(envelope: Envelope) -> None:
        await collecting.starter.start(payment_id=UUID(envelope.payload["payment_id"]))

    return {
        "realtime": RealtimeTopic(bus).handle,
        "notify": NotifyTopic(
            database=base.database,
            sms=texts,
            email=providers.email,
            templates=Templates(),
            clock=base.clock,
        ).handle,
        "sms.otp": OTPTopic(
            database=base.database,
            sms=texts,
            cipher=base.cipher,
            clock=base.clock,
            ttl_seconds=base.settings.otp.ttl_seconds,
        ).handle,
        "mail.otp": MailOTPTopic(
            database=base.database,
            email=providers.email,
            cipher=base.cipher,
            clock=base.clock,
            ttl_seconds=base.settings.otp.ttl_seconds,
        ).handle,
        "link": LinkTopic(
            database=base.database,
            sms=texts,
            email=providers.email,
            cipher=base.cipher,
            clock=base.clock,
            base_url=str(base.settings.app.public_base_url),
        ).handle,
        "contact.former": FormerContactTopic(database=base.database, sms=texts, email=providers.email).handle,
        EXPORT_TOPIC: identity.accounts.exports.handle,
        VOID_TOPIC: _send_nothing,
        "sms.handover": HandoverTopic(database=base.database, sms=texts, cipher=base.cipher).handle,
        "invite": InviteTopic(
            sms=texts,
            email=providers.email,
            limiter=base.limiter,
            cipher=base.cipher,
            clock=base.clock,
            base_url=str(base.settings.app.public_base_url),
        ).handle,
        "alert": told_live(
            bus, AlertTopic(email=providers.email, templates=Templates(), address=base.settings.alerts.email).handle
        ),
        "payment.start": start_payment,
        "account.lend": collecting.lending.handle,
        "payout.submit": paying_out.submitter.handle,
        "refund.submit": refunding.submitter.handle,
    }


async def _send_nothing(_: Envelope) -> None:
    """Take what was written for an address nobody has."""


def build_steps(
    base: Foundation, identity: Identity, listening: Listening, paying_out: PayingOut, refunding: Refunding
) -> Sequence[Step]:
    """Return what the worker repeats."""
    batch = base.settings.worker.batch
    return (
        Step("payment.webhooks", 30.0, lambda: listening.webhooks.process_due(limit=batch), due=listening.webhooks.due),
        Step("payment.polls", 5.0, lambda: listening.poller.poll_due(limit=batch)),
        Step("refund.polls", 5.0, lambda: refunding.tracker.poll_due(limit=batch)),
        Step("payout.alarms", 60.0, paying_out.alarms.raise_due, alone=True),
        *account_steps(base, identity.accounts),
        *growth_steps(base),
        *retention_steps(base, mail_reports(base), listening.bodies),
        Step("ledger.rollups", 60.0, Rollups(base.database).advance, alone=True),
    )


def evidence_steps(base: Foundation, orders: Orders) -> Sequence[Step]:
    """Return what the worker repeats about files on their way into evidence."""
    batch = base.settings.worker.batch
    return (Step("evidence.uploads", 60.0, lambda: orders.upload_cleaning.clean_due(limit=batch), alone=True),)


def exception_steps(refunding: Refunding, exceptions: Exceptions) -> Sequence[Step]:
    """Return what the worker repeats about contested payments, debts and unmatched money."""
    return (
        Step("chargeback.polls", 60.0, refunding.chargebacks.poll_due),
        *_unheard_steps(refunding.unheard_disputes),
        Step("debts.collect", 60.0, refunding.debts.collect_due, alone=True),
        Step("suspense.alarms", 300.0, exceptions.suspense.raise_alarms, alone=True),
    )


def _unheard_steps(unheard: UnheardDisputes | None) -> Sequence[Step]:
    if unheard is None:
        return ()

    async def take_in() -> int:
        await unheard.take_in()
        # The whole list was read: there is no next batch before the next hour.
        return 0

    return (Step("chargeback.unheard", 3600.0, take_in, alone=True),)
