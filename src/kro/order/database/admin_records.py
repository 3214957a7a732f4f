"""An order before an admin: frozen, with what the rules about admins need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kro.core.actor import Standing
from kro.core.decisions import Event
from kro.order.database.issue_records import Issue
from kro.order.database.records import Condition, Order, OrderState


@dataclass(frozen=True, slots=True)
class AdminOrder:
    """The order, and every admin who is one person with a party, as far as we can tell."""

    state: OrderState
    related: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class AdminState:
    """What one load query brought for a command of an admin.

    ``order`` is ``None`` when there is none. ``reviewer_is_able`` says whether the admin who was named is active and
    may decide disputes.
    """

    standing: Standing
    order: AdminOrder | None
    reviewer_is_able: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute in the queue."""

    issue: Issue
    order: Order


@dataclass(frozen=True, slots=True)
class DisputeFile:
    """A dispute with all that is on its record, in the order it came.

    ``files``, ``statements``, ``rulings`` and ``offers`` are rows as JSON. ``is_related`` says that the admin who looks
    is one person with a party, as far as we can tell.
    """

    dispute: Dispute
    buyer_name: str
    seller_name: str
    conditions: tuple[Condition, ...]
    files: tuple[Mapping[str, Any], ...]
    statements: tuple[Mapping[str, Any], ...]
    rulings: tuple[Mapping[str, Any], ...]
    offers: tuple[Mapping[str, Any], ...]
    timeline: tuple[Event, ...]
    is_related: bool


@dataclass(frozen=True, slots=True)
class Ages:
    """How many disputes wait for a decision, by the days since they were escalated."""

    under_7_days: int
    from_7_days: int
    from_14_days: int
    from_21_days: int
    unassigned: int
    overdue: int
