"""A list's plain items are what their model describes, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from kro.core.http import JSONBytes, MoneyOut
from kro.core.ids import show_id
from kro.order.controller.views import OrderSummaryRead, PersonRead, summary_item
from kro.order.database.lists import OrderSummary
from kro.order.database.words import FundingStatus, OrderStatus, OrderType, Party

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
