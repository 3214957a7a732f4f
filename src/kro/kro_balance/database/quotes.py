from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.kro_balance.database.records import FeeBand, QuoteState

_LOAD: Final = f"""
SELECT {USER_STANDING},
       (SELECT json_agg(f) FROM fee_configuration AS f
        WHERE f.currency = $3 AND (f.effective_to IS NULL OR f.effective_to > now())) AS bands
"""  # noqa: S608 - built from constants only


class QuoteRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, actor: Actor, currency: str) -> QuoteState:
        """Return who asks and every fee band of the currency that has not ended."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, currency)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return QuoteState(standing=read_standing(row), bands=tuple(_band(band) for band in row["bands"] or ()))


def _band(found: dict[str, Any]) -> FeeBand:
    ends = found["effective_to"]
    return FeeBand(
        **{
            **found,
            "id": UUID(found["id"]),
            "effective_from": datetime.fromisoformat(found["effective_from"]),
            "effective_to": datetime.fromisoformat(ends) if ends else None,
        }
    )
