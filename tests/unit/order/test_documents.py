"""Plain documents are what their models describe, to the byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from issue_scenes import appealed, decided, disputed, offered, reported
from kro.core.http import JSONBytes, MoneyOut, written
from kro.core.ids import show_id
from kro.order.controller.documents import order_document, summary_item
from kro.order.controller.views import OrderRead, OrderSummaryRead, PersonRead
from kro.order.database.lists import OrderSummary
from kro.order.database.records import OrderState
from kro.order.database.words import FundingStatus, OrderStatus, OrderType, Party
from milestone_scenes import dated, milestone, submitted
from milestone_scenes import funded as milestones_funded
from order_scenes import completed, created, funded, handed_in

FIRST, SECOND = UUID(int=1), UUID(int=2**127 + 5)


@pytest.mark.parametrize(
    "created_at", [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC)]
)
@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_item_is_written_as_its_model_would_be(status: OrderStatus, created_at: datetime) -> None:
    summary = OrderSummary(
        id=FIRST,
        role=Party.SELLER,
        status=status.value,
        funding_status=FundingStatus.PARTIAL.value,
        order_type=OrderType.GOODS.value,
        title='Ọjà "1" 🧺\n',
        currency="NGN",
        amount=2**53,
        counterparty_id=SECOND,
        counterparty_name="Ngozi O.",
        created_at=created_at,
        updated_at=created_at,
    )

    written = JSONBytes.of_plain(summary_item(summary)).body

    described = OrderSummaryRead(
        id=show_id("ord", FIRST),
        role=Party.SELLER,
        status=status,
        funding_status=FundingStatus.PARTIAL,
        order_type=OrderType.GOODS,
        title=summary.title,
        amount=MoneyOut(amount=summary.amount, currency="NGN"),
        counterparty=PersonRead(id=show_id("usr", SECOND), display_name="Ngozi O."),
        created_at=created_at,
        updated_at=created_at,
    )
    assert written == JSONBytes.of(described).body
    assert set(orjson.loads(written)) == set(OrderSummaryRead.model_fields)


def plain(state: OrderState) -> OrderState:
    return state


def seen_by_seller(state: OrderState) -> OrderState:
    return replace(state, viewer=Party.SELLER)


STATES = {
    "created": created(),
    "funded": funded(),
    "handed in": handed_in(),
    "completed": completed(),
    "reported": reported(),
    "offered": offered(1_000_000),
    "disputed": disputed(),
    "decided": decided(5_000_000),
    "appealed": appealed(5_000_000, Party.BUYER),
    "milestones": submitted(
        milestones_funded(milestone(5_000_000), dated(3, 5_000_000), milestone(5_000_000)), 0
    ).value,
}


@pytest.mark.parametrize("look", [plain, seen_by_seller])
@pytest.mark.parametrize("name", STATES)
def test_an_order_is_written_as_its_model_would_be(name: str, look: Callable[[OrderState], OrderState]) -> None:
    document = order_document(look(STATES[name]))

    described = OrderRead.model_validate(document)

    assert written(document) == JSONBytes.of(described).body
    assert set(document) == set(OrderRead.model_fields)
