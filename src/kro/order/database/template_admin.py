"""Condition templates as admins need them: every version there ever was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded

_LIST: Final = """
SELECT code, version, order_type, title, conditions, active FROM condition_templates
WHERE $1::text IS NULL OR code = $1 ORDER BY code, version DESC"""

_LOAD: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER},
       (SELECT max(t.version) FROM condition_templates AS t WHERE t.code = $4) AS newest,
       (SELECT t.order_type FROM condition_templates AS t WHERE t.code = $4 LIMIT 1) AS order_type"""  # noqa: S608 - built from constants only

# A switch that stands as wished already changes nothing, and nothing is put on record.
_TURN: Final = """
WITH turned AS (
    UPDATE condition_templates SET active = $3 WHERE code = $1 AND version = $2 AND active <> $3 RETURNING code)
SELECT apply_decision($4::text::jsonb) FROM turned"""

_ONE: Final = """
SELECT code, version, order_type, title, conditions, active FROM condition_templates WHERE code = $1 AND version = $2"""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """The row of ``condition_templates``; but for ``active`` it never changes."""

    code: str
    version: int
    order_type: str
    title: str
    conditions: list[Any]
    active: bool


@dataclass(frozen=True, slots=True)
class TemplateState:
    """Who asks, and the newest version of a code (``None``: there is none) with the type of order it is for."""

    standing: Standing
    newest: int | None
    order_type: str | None


class TemplateRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self, code: str | None) -> Sequence[TemplateVersion]:
        """Return every version, of one code or of all."""
        return tuple(TemplateVersion(**row) for row in await self._database.rows(_LIST, code))

    async def load(self, code: str, *, actor: Actor, key: str) -> Loaded[TemplateState]:
        """Return what a new version of a code is decided on."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, code)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return Loaded(TemplateState(read_standing(row), row["newest"], row["order_type"]), read_answer(row))

    async def turn(self, code: str, version: int, *, active: bool, decision: str) -> TemplateVersion | None:
        """Offer a version or offer it no more, with an encoded decision; ``None`` when there is no such version."""
        await self._database.row(_TURN, code, version, active, decision)
        row = await self._database.row(_ONE, code, version)
        return TemplateVersion(**row) if row is not None else None
