"""Tax rules as load queries bring them: ``SELECT dated_taxes('NGN')`` in any module's one query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kro.core.database.columns import known
from kro.kro_balance.database.records import TaxKind, TaxRule


def read_tax_rules(found: Sequence[dict[str, Any]] | None) -> tuple[TaxRule, ...]:
    """Build the rules from what ``dated_taxes(currency)`` returned; ``None`` is no rule at all."""
    return tuple(_rule(row) for row in found or ())


def _rule(row: dict[str, Any]) -> TaxRule:
    return TaxRule(
        **{
            **known(TaxRule, row),
            "id": UUID(row["id"]),
            "kind": TaxKind(row["kind"]),
            "effective_from": datetime.fromisoformat(row["effective_from"]),
            "effective_to": _moment(row["effective_to"]),
            "withdrawn_at": _moment(row["withdrawn_at"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
