"""Fee bands as load queries bring them: ``SELECT dated_fees('NGN')`` in any module's one query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kro.core.database.columns import known
from kro.kro_balance.database.records import FeeBand


def read_fee_bands(found: Sequence[dict[str, Any]] | None) -> tuple[FeeBand, ...]:
    """Build the bands from what ``dated_fees(currency)`` returned; ``None`` is no band at all."""
    return tuple(_band(row) for row in found or ())


def _band(row: dict[str, Any]) -> FeeBand:
    return FeeBand(
        **{
            **known(FeeBand, row),
            "id": UUID(row["id"]),
            "effective_from": datetime.fromisoformat(row["effective_from"]),
            "effective_to": _moment(row["effective_to"]),
            "withdrawn_at": _moment(row["withdrawn_at"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
