"""What keeps the database from growing without end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.bootstrap.foundation import Foundation
from kro.core.growth import Leftovers, Months, retention_step
from kro.core.notifications import Inbox
from kro.core.notifications.mail_reports import MailReports
from kro.core.outbox import OutboxStore
from kro.core.scheduler import Step
from kro.payment.domain import WebhookBodies
from kro.verification.domain import VerificationCodes

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


def growth_steps(base: Foundation) -> Sequence[Step]:
    """Return what the worker repeats about months, by one worker at a time."""
    months = Months(base.database, clock=base.clock, ids=base.ids)
    return (
        Step("months.prepare", _HOUR, months.prepare, alone=True),
        Step("months.drop", _DAY, months.drop_emptied, alone=True),
        Step("months.strays", _DAY, months.tell_strays, alone=True),
    )


def retention_steps(base: Foundation, reports: MailReports, bodies: WebhookBodies) -> Sequence[Step]:
    """Return what the worker forgets once an hour, each kind of rows by one worker at a time."""
    kept, database = base.settings.retention, base.database
    leftovers, outbox, codes = Leftovers(database), OutboxStore(database), VerificationCodes(database)
    inbox = Inbox(database, clock=base.clock)
    return (
        retention_step("outbox", lambda: outbox.forget(older_than_days=kept.outbox_days)),
        retention_step("answers", leftovers.answers),
        retention_step("hits", lambda: leftovers.hits(kept.hit_days)),
        retention_step("codes", lambda: codes.forget(older_than_days=kept.code_days)),
        retention_step("calls", lambda: base.call_log.forget(older_than_days=kept.call_days)),
        retention_step("mail_events", lambda: reports.forget(older_than_days=kept.mail_event_days)),
        retention_step("notifications", lambda: inbox.forget(older_than_days=kept.notification_days)),
        retention_step("sessions", lambda: leftovers.sessions(kept.session_days)),
        retention_step("links", lambda: leftovers.links(kept.link_days)),
        retention_step("webhook_bodies", lambda: bodies.forget(older_than_days=kept.webhook_body_days)),
        retention_step("step_ups", lambda: leftovers.step_ups(kept.step_up_days)),
        retention_step("quotes", lambda: leftovers.quotes(kept.quote_days)),
        retention_step("traces", lambda: leftovers.traces(kept.trace_days)),
    )
