"""Fees and taxes as admins need them: what a change is decided on, and every rule there ever was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.paging import Position
from kro.kro_balance.database.fees import read_fee_bands
from kro.kro_balance.database.records import (
    FeeAdminState,
    FeeBand,
    FeeBandView,
    RuleState,
    TaxKind,
    TaxRule,
    TaxRuleView,
    Trace,
)
from kro.kro_balance.database.taxes import read_tax_rules

_LOAD: Final = f"SELECT {ADMIN_STANDING}, {STORED_ANSWER}, dated_fees($4) AS bands, dated_taxes($4) AS taxes"

_STATE: Final = """
CASE WHEN r.withdrawn_at IS NOT NULL THEN 'withdrawn'
     WHEN r.effective_from > $1 THEN 'scheduled'
     WHEN r.effective_to <= $1 THEN 'ended'
     ELSE 'in_force' END"""

_LIST: Final = f"""
SELECT * FROM (SELECT r.*, {_STATE} AS state FROM {{table}} AS r) AS r
WHERE ($2::text IS NULL OR r.currency = $2) AND ($3::text IS NULL OR r.state = $3)
  AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5::uuid))
ORDER BY r.created_at DESC, r.id DESC LIMIT $6"""  # noqa: S608 - built from constants only

_LIST_BANDS: Final = _LIST.format(table="fee_configuration")
_LIST_TAXES: Final = _LIST.format(table="tax_rules")


class FeeAdminRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, currency: str, *, actor: Actor, key: str | None) -> Loaded[FeeAdminState]:
        """Return who asks and the rules of a currency that have not ended."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, currency)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        state = FeeAdminState(
            standing=read_standing(row), bands=read_fee_bands(row["bands"]), taxes=read_tax_rules(row["taxes"])
        )
        return Loaded(state, read_answer(row))

    async def bands(
        self, *, currency: str | None, state: RuleState | None, now: datetime, before: Position | None, limit: int
    ) -> Sequence[FeeBandView]:
        """Return fee bands of any age, newest first."""
        rows = await self._list(_LIST_BANDS, currency, state, now, before, limit)
        names = FeeBand.__slots__
        return tuple(FeeBandView(FeeBand(**{name: row[name] for name in names}), _trace(row)) for row in rows)

    async def taxes(
        self, *, currency: str | None, state: RuleState | None, now: datetime, before: Position | None, limit: int
    ) -> Sequence[TaxRuleView]:
        """Return tax rules of any age, newest first."""
        rows = await self._list(_LIST_TAXES, currency, state, now, before, limit)
        names = TaxRule.__slots__
        return tuple(
            TaxRuleView(TaxRule(**{name: row[name] for name in names} | {"kind": TaxKind(row["kind"])}), _trace(row))
            for row in rows
        )

    async def _list(
        self,
        query: str,
        currency: str | None,
        state: RuleState | None,
        now: datetime,
        before: Position | None,
        limit: int,
    ) -> Sequence[asyncpg.Record]:
        place = (before.created_at, before.id) if before else (None, None)
        return await self._database.rows(query, now, currency, state, *place, limit)


def _trace(row: asyncpg.Record) -> Trace:
    return Trace(
        state=RuleState(row["state"]), created_at=row["created_at"], created_by=row["created_by"], reason=row["reason"]
    )
