"""What a client narrows a list of orders to: the same words for parties and admins."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from kro.core.errors import ValidationFailedError
from kro.core.http import Currency, PageQuery
from kro.core.ids import UnknownIdError, read_id
from kro.core.money import MAX_AMOUNT_MINOR
from kro.order.database.list_query import OrderFilter
from kro.order.database.words import OrderStatus, Party

_CODE: Final = re.compile(r"(?:ord_[0-9a-z]{20})?([0-9a-hjkmnp-tv-z]{6})", re.IGNORECASE)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST)]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class OrderListQuery(PageQuery):
    status: list[OrderStatus] = Field(default_factory=list, max_length=len(OrderStatus))
    created_from: Moment | None = None
    created_to: Moment | None = Field(default=None, description="Not included.")
    currency: Currency | None = None
    amount_min: Amount | None = Field(default=None, description="In minor units of `currency`, which it needs.")
    amount_max: Amount | None = Field(default=None, description="In minor units of `currency`, which it needs.")
    text: Words | None = Field(
        default=None, description="Words of the title, the last one perhaps unfinished; or the order's six-letter code."
    )

    def to_filter(
        self,
        *,
        role: Party | None = None,
        counterparty: str | None = None,
        on_hold: bool = False,
        overdue: bool = False,
    ) -> OrderFilter:
        """Return the filter.

        :raises ValidationFailedError: for an amount without a currency, or the id of nobody.
        """
        if self.currency is None and (self.amount_min is not None or self.amount_max is not None):
            raise ValidationFailedError("query:currency", "required", "An amount needs its currency.")
        code = _CODE.fullmatch(self.text) if self.text is not None else None
        return OrderFilter(
            role=role,
            statuses=tuple(dict.fromkeys(self.status)),
            counterparty_id=read_user_id(counterparty, "counterparty"),
            created_from=self.created_from,
            created_to=self.created_to,
            currency=self.currency,
            amount_min=self.amount_min,
            amount_max=self.amount_max,
            words=self.text,
            code=code.group(1).lower() if code is not None else None,
            on_hold=on_hold,
            overdue=overdue,
        )


def read_user_id(text: str | None, name: str) -> UUID | None:
    """Read a user's id out of a query parameter.

    :raises ValidationFailedError: when it is none.
    """
    try:
        return read_id("usr", text) if text is not None else None
    except UnknownIdError:
        raise ValidationFailedError(f"query:{name}", "malformed", "This is not the id of a user.") from None
