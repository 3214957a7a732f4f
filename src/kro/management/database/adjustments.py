from __future__ import annotations

from uuid import UUID

from kro.core.database.pool import Database


class AdjustmentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def available(self, user_id: UUID | None, currency: str) -> int:
        """Return a user's spendable balance in minor units; zero for nobody."""
        return int(await self._database.value("SELECT available_balance($1, $2)", user_id, currency))
