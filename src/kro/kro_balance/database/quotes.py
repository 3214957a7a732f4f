from __future__ import annotations

from typing import Final

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.kro_balance.database.fees import read_fee_bands
from kro.kro_balance.database.records import QuoteState
from kro.kro_balance.database.taxes import read_tax_rules

_LOAD: Final = f"""
SELECT {USER_STANDING}, dated_fees($3) AS bands, dated_taxes($3) AS taxes
"""


class QuoteRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, actor: Actor, currency: str) -> QuoteState:
        """Return who asks, and every fee band and tax rule of the currency that has not ended."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, currency)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return QuoteState(
            standing=read_standing(row), bands=read_fee_bands(row["bands"]), taxes=read_tax_rules(row["taxes"])
        )
