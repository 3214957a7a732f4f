"""Whether what customers are owed is there: their liabilities against what providers and banks hold for us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.core.database.pool import Database
from kro.payment.database.reconciliation_records import Safeguarding

# Shared accounts are read from their roll-ups, so this costs the same however long the books are.
_SAFEGUARDING: Final = """
SELECT currency,
       coalesce(sum(balance) FILTER (WHERE code IN ('user_available', 'user_reserve', 'order_escrow', 'suspense',
                                                    'payout_in_transit', 'refund_in_transit')), 0)::bigint AS owed,
       coalesce(sum(balance) FILTER (WHERE code = 'provider_clearing'), 0)::bigint AS at_providers,
       coalesce(sum(balance) FILTER (WHERE code = 'bank'), 0)::bigint AS at_banks,
       coalesce(sum(balance) FILTER (WHERE code = 'adjustment' AND qualifier = 'opening_balance'), 0)::bigint AS opening
FROM ledger_balances GROUP BY currency ORDER BY currency"""


class SafeguardingReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def totals(self) -> Sequence[Safeguarding]:
        """Return every currency's totals, as the ledger stands now."""
        rows = await self._database.rows(_SAFEGUARDING)
        return [Safeguarding(**row) for row in rows]
