from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database
from kro.core.messaging.errors import ReportsNotTakenError
from kro.core.messaging.states import Report
from kro.core.messaging.webhooks import ReportReader, Webhook
from kro.core.telemetry import get_logger, hooks
from kro.core.telemetry.catalogue import DELIVERY_REPORTS

_LOG = get_logger()
_RECORD: Final = "SELECT record_text_report($1, $2, $3, $4, $5, $6, $7, $8, $9)"


@dataclass(frozen=True, slots=True)
class DeliveryReports:
    """Takes delivery reports from vendors, by their names. What is written is the state, never a body."""

    database: Database
    readers: Mapping[str, ReportReader]

    async def take(self, vendor: str, webhook: Webhook) -> None:
        """Write what a webhook reports. Reports of messages that are not ours are counted and do nothing.

        :raises ReportsNotTakenError: if the vendor is not configured to report here.
        :raises ReportSignatureError: if the webhook is not authentic; the database is not asked for such a thing.
        :raises MalformedReportError: if it does not say which message it is about.
        """
        reader = self.readers.get(vendor)
        if reader is None:
            raise ReportsNotTakenError
        for report in reader.read(webhook):
            outcome = await self._record(report)
            hooks.add(DELIVERY_REPORTS, provider=report.provider, channel="text", state=report.state.value)
            _LOG.info(
                "text_report", provider=report.provider, state=report.state, outcome=outcome, reason_code=report.error
            )

    async def _record(self, report: Report) -> str:
        outcome: str = await self.database.value(
            _RECORD,
            report.provider,
            report.provider_message_id,
            report.reference,
            report.state,
            report.state.rank,
            report.error,
            report.is_final,
            None if report.cost is None else report.cost.micros,
            None if report.cost is None else report.cost.currency,
        )
        return outcome
