from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kro.core.database.pool import Database
from kro.payment.database.records import DueTransaction, TransactionKind

# The claim moves the time of the next question, so that a worker that dies has only delayed it. The version stays: a
# claim is no change anybody decides on.
_CLAIM: Final = """
UPDATE transactions AS t SET next_poll_at = $2
FROM (SELECT id FROM transactions WHERE next_poll_at <= $1 ORDER BY next_poll_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE t.id = due.id
RETURNING t.id, t.kind, t.reference"""


class DueTransactions:
    """Payments and payouts whose provider is to be asked again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, now: datetime, lease_until: datetime, limit: int) -> Sequence[DueTransaction]:
        """Take what is due for oneself until the lease ends."""
        rows = await self._database.rows(_CLAIM, now, lease_until, limit)
        return [DueTransaction(row["id"], TransactionKind(row["kind"]), row["reference"]) for row in rows]
