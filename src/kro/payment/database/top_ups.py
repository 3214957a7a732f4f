from __future__ import annotations

from datetime import datetime
from typing import Final

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded, Once
from kro.payment.database.top_up_records import TopUpState

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, (SELECT u.version FROM users AS u WHERE u.id = $1) AS user_version,
       held_for_user($1, $4) AS held, open_top_ups($1, $4, $5) AS open,
       paid_in_since($1, $4, $6, $5) AS day"""  # noqa: S608 - built from constants only


class TopUpRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(
        self, *, actor: Actor, once: Once, currency: str, open_since: datetime, day_start: datetime
    ) -> Loaded[TopUpState]:
        """Return what the actor has in a currency, with top-ups started after ``open_since`` and not yet decided."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, once.key, currency, open_since, day_start)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        state = TopUpState(
            standing=read_standing(row),
            user_version=row["user_version"],
            held_minor=row["held"],
            open_minor=row["open"],
            day_minor=row["day"],
        )
        return Loaded(state, read_answer(row))
