"""Asking providers for their own account of a period, and keeping it as a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from kro.core.actor import SYSTEM
from kro.payment.database.reconciliation_queue import ImportRepository
from kro.payment.database.reconciliation_records import MONEY_IN, LineKind, Side, Statement, StatementLine
from kro.payment.domain.reconciliation_imports import StatementImports
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.history import HistoryItem, HistoryKind, HistoryReader

_LONGEST: Final = timedelta(days=31)


class ProviderHistory:
    """Brings the statements of one provider up to date."""

    def __init__(
        self,
        *,
        provider: str,
        reader: HistoryReader,
        statements: StatementImports,
        imports: ImportRepository,
        reread: timedelta,
    ) -> None:
        self.provider = provider
        self._reader = reader
        self._statements = statements
        self._imports = imports
        self._reread = reread

    async def bring_up_to(self, until: datetime) -> bool:
        """Read what is new before a moment, and say whether the provider could be asked.

        Some of what was read before is read again: what was begun then may have ended since.
        """
        known = await self._imports.imported_until(self.provider)
        if known is not None and known >= until:
            return True
        since = max(known or until - timedelta(days=1), until - _LONGEST) - self._reread
        try:
            items = await self._reader.history(since=since, until=until)
        except ProviderUnavailableError:
            return False
        statement = Statement(
            side=Side.PROVIDER,
            account=self.provider,
            kinds=frozenset(LineKind(kind) for kind in HistoryKind),
            start=since,
            end=until,
            lines=lines_of(items),
        )
        await self._statements.take(statement, origin="api", actor=SYSTEM)
        return True


def lines_of(items: Sequence[HistoryItem]) -> Sequence[StatementLine]:
    """Return a provider's movements as lines; what is nothing is none."""
    lines = []
    for item in items:
        kind = LineKind(item.kind)
        if item.amount_minor:
            lines.append(
                StatementLine(
                    kind=kind,
                    reference=item.provider_reference,
                    currency=item.currency,
                    amount=item.amount_minor if kind in MONEY_IN else -item.amount_minor,
                    occurred_at=item.occurred_at,
                    fee=item.fees_minor,
                )
            )
    return lines
