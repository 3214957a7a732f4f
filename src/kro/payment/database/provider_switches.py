from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.payment.database.provider_records import Direction, Switch, SwitchChange, SwitchState

_ALL: Final = "SELECT s.* FROM provider_switches AS s ORDER BY s.provider, s.direction"
_ASKED: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, s.*
FROM (SELECT) AS one LEFT JOIN provider_switches AS s ON s.provider = $4 AND s.direction = $5"""  # noqa: S608 - constants


class SwitchRepository:
    """What admins let each provider do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Switch]:
        """Return every switch that was ever touched; a provider without one may do everything."""
        return [_switch_from(row) for row in await self._database.rows(_ALL)]

    async def for_admin(
        self, provider: str, direction: Direction, *, actor: Actor, key: str | None
    ) -> Loaded[SwitchChange]:
        """Load one switch before an admin who turns it."""
        row = await self._database.row(_ASKED, actor.id, actor.session_id, key, provider, direction)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        switch = _switch_from(row) if row["id"] is not None else None
        return Loaded(SwitchChange(standing=read_standing(row), switch=switch), read_answer(row))


def _switch_from(row: Columns) -> Switch:
    return Switch(
        id=row["id"],
        provider=row["provider"],
        direction=Direction(row["direction"]),
        state=SwitchState(row["state"]),
        reason=row["reason"],
        changed_by=row["changed_by"],
        version=row["version"],
        updated_at=row["updated_at"],
    )
