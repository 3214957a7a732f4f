"""The condition sets the platform offers, one per kind of deal; an order keeps its own copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kro.order.database.records import NewCondition
from kro.order.database.words import ConditionKind, ConfirmedBy, OrderType


@dataclass(frozen=True, slots=True)
class ConditionSet:
    code: str
    version: int
    order_type: OrderType
    title: str
    conditions: tuple[NewCondition, ...]


def _handed_in(title: str, description: str) -> NewCondition:
    """Make a condition the seller proves with a document and the buyer confirms."""
    return NewCondition(
        kind=ConditionKind.DOCUMENT,
        title=title,
        description=description,
        confirmed_by=ConfirmedBy.BUYER,
        evidence_required=True,
    )


def _inspected(title: str, description: str) -> NewCondition:
    """Make a condition the buyer checks."""
    return NewCondition(
        kind=ConditionKind.INSPECTION, title=title, description=description, confirmed_by=ConfirmedBy.BUYER
    )


def _agreed(title: str, description: str) -> NewCondition:
    """Make a condition both say has happened."""
    return NewCondition(kind=ConditionKind.CONFIRM, title=title, description=description, confirmed_by=ConfirmedBy.BOTH)


def _coded(title: str, description: str) -> NewCondition:
    """Make a condition that the buyer's code shows: it is given away against what changes hands."""
    return NewCondition(
        kind=ConditionKind.DELIVERY_CODE, title=title, description=description, confirmed_by=ConfirmedBy.SYSTEM
    )


TEMPLATES: Final[tuple[ConditionSet, ...]] = (
    ConditionSet(
        code="goods_by_waybill",
        version=1,
        order_type=OrderType.GOODS,
        title="Goods sent by courier",
        conditions=(
            _handed_in("Waybill", "A photo or PDF of the courier's waybill with the tracking number."),
            _inspected("Goods as described", "The buyer has received the goods and they are as described."),
        ),
    ),
    ConditionSet(
        code="goods_face_to_face",
        version=1,
        order_type=OrderType.GOODS,
        title="Goods handed over in person",
        conditions=(
            _agreed("Handed over", "The goods changed hands at the agreed place."),
            _inspected("Goods as described", "The buyer has looked at the goods and they are as described."),
        ),
    ),
    ConditionSet(
        code="goods_face_to_face",
        version=2,
        order_type=OrderType.GOODS,
        title="Goods handed over in person",
        conditions=(
            _coded("Handed over", "The buyer gave the code away against the goods at the agreed place."),
            _inspected("Goods as described", "The buyer has looked at the goods and they are as described."),
        ),
    ),
    ConditionSet(
        code="service",
        version=1,
        order_type=OrderType.SERVICE,
        title="A service or piece of work",
        conditions=(
            _handed_in("Proof of work", "Photos, files or a report that show the finished work."),
            _inspected("Work accepted", "The buyer has checked the work against what was agreed."),
        ),
    ),
    ConditionSet(
        code="vehicle",
        version=1,
        order_type=OrderType.VEHICLE,
        title="A vehicle",
        conditions=(
            _handed_in("Vehicle papers", "Proof of ownership and customs papers, readable and complete."),
            _inspected("Mechanical inspection", "The buyer or the buyer's mechanic has inspected the vehicle."),
            _agreed("Keys handed over", "Vehicle, keys and original papers changed hands."),
        ),
    ),
    ConditionSet(
        code="vehicle",
        version=2,
        order_type=OrderType.VEHICLE,
        title="A vehicle",
        conditions=(
            _handed_in("Vehicle papers", "Proof of ownership and customs papers, readable and complete."),
            _inspected("Mechanical inspection", "The buyer or the buyer's mechanic has inspected the vehicle."),
            _coded("Keys handed over", "The buyer gave the code away against vehicle, keys and original papers."),
        ),
    ),
    ConditionSet(
        code="rent",
        version=1,
        order_type=OrderType.RENT,
        title="Rent of a home or shop",
        conditions=(
            _handed_in("Tenancy agreement", "The tenancy agreement, signed by the landlord."),
            _inspected("Property inspected", "The tenant has seen the property and it is as described."),
            _agreed("Keys handed over", "The keys changed hands."),
        ),
    ),
    ConditionSet(
        code="rent",
        version=2,
        order_type=OrderType.RENT,
        title="Rent of a home or shop",
        conditions=(
            _handed_in("Tenancy agreement", "The tenancy agreement, signed by the landlord."),
            _inspected("Property inspected", "The tenant has seen the property and it is as described."),
            _coded("Keys handed over", "The tenant gave the code away against the keys."),
        ),
    ),
    ConditionSet(
        code="digital_item",
        version=1,
        order_type=OrderType.DIGITAL,
        title="A digital item or account",
        conditions=(
            _agreed("Access given", "The seller has given the access or the file, and the buyer has it."),
            _inspected("Works as described", "The buyer has tried it and it works as described."),
        ),
    ),
    ConditionSet(
        code="event_ticket",
        version=1,
        order_type=OrderType.TICKET,
        title="A ticket for an event",
        conditions=(
            _handed_in("Ticket", "The ticket with its code, readable."),
            _inspected("Ticket valid", "The organizer or the entrance has accepted the ticket."),
        ),
    ),
)
