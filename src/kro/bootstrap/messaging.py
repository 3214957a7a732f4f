"""Texts: one sender over all vendors, their reports, and what the worker repeats about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.bootstrap.text_vendors import report_readers
from kro.core.config import Settings
from kro.core.growth import retention_step
from kro.core.messaging import (
    Caps,
    DeliveryReports,
    MessagingManager,
    MessagingOptions,
    NumberReader,
    RouteRule,
    TextAttempts,
)
from kro.core.messaging.channels import TextChannels
from kro.core.messaging.conversion import ConversionRules, ConversionWatch
from kro.core.notifications import LateReports
from kro.core.scheduler import Step
from kro.core.sms import SMSProvider, TextKind

_READER_OF: Final = {"twilio_whatsapp": "twilio"}


@dataclass(frozen=True, slots=True)
class Messaging:
    sms: SMSProvider
    attempts: TextAttempts
    reports: DeliveryReports
    channels: TextChannels
    watch: ConversionWatch


def build_messaging(base: Foundation, outside: Providers) -> Messaging:
    """Join the vendors of texts; where there are none, such as in tests, the one provider that was given sends."""
    settings = base.settings
    readers = report_readers(settings, base.clock)
    attempts = TextAttempts(base.database)
    options = messaging_options(settings, reporting=frozenset(readers))
    countries, conversion = settings.messaging.countries, settings.messaging.conversion
    manager = MessagingManager(
        outside.texting,
        attempts=attempts,
        numbers=NumberReader(base.index, countries=countries),
        options=options,
        clock=base.clock,
        ids=base.ids,
    )
    return Messaging(
        sms=manager if outside.texting else outside.sms,
        attempts=attempts,
        reports=DeliveryReports(base.database, readers),
        channels=TextChannels(
            base.database, outside.texting, options=options, countries=countries, clock=base.clock, ids=base.ids
        ),
        watch=ConversionWatch(
            base.database,
            limiter=base.limiter,
            rules=ConversionRules(
                timedelta(minutes=conversion.window_minutes), conversion.least_sent, conversion.floor_bps
            ),
            ids=base.ids,
        ),
    )


def messaging_options(settings: Settings, *, reporting: frozenset[str]) -> MessagingOptions:
    """Return how texts are sent, as configured; ``reporting`` are the vendors whose reports are believed."""
    messaging = settings.messaging
    caps = messaging.caps
    routes = messaging.prices_minor
    return MessagingOptions(
        rules=tuple(RouteRule(rule.prefix, TextKind(rule.kind), rule.via) for rule in messaging.routes),
        caps=Caps(**dict(caps)),
        estimates_minor=routes,
        reporting=frozenset(route for route in routes if _READER_OF.get(route, route) in reporting),
        report_seconds=messaging.report_seconds,
        extra_codes=messaging.extra_codes,
        extra_notices=messaging.extra_notices,
        remember_days=messaging.remember_days,
    )


def messaging_steps(base: Foundation, messaging: Messaging) -> Sequence[Step]:
    """Return what the worker repeats about texts."""
    batch = base.settings.worker.batch
    attempts, kept = messaging.attempts, base.settings.retention
    return (
        Step("text.follow_up", 30.0, lambda: attempts.follow_up(limit=batch), due=attempts.due),
        Step("notices.late", 30.0, lambda: LateReports(base.database).settle(limit=batch)),
        Step("text.conversion", 60.0, messaging.watch.look, alone=True),
        retention_step("texts", lambda: attempts.forget(older_than_days=kept.text_days)),
    )
