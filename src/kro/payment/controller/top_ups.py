from functools import partial
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.guards import CurrentUser
from kro.core.http import IdempotencyKey, Input, MoneyIn, Router, problems, send
from kro.core.kyc import TierLimitExceededError
from kro.payment.domain import (
    NoProviderError,
    PaymentMethod,
    PaymentRead,
    ProviderName,
    ProviderNotOfferedError,
    TopUps,
    TopUpWish,
    render_payment,
)

router = Router(tags=["balance"])


class TopUpIn(Input):
    amount: MoneyIn = Field(description="What the balance is to get.")
    method: PaymentMethod = Field(default=PaymentMethod.CHECKOUT, description="How you pay.")
    provider: ProviderName | None = Field(default=None, description="Who collects it; the best one when left out.")

    def to_wish(self) -> TopUpWish:
        return TopUpWish(amount=self.amount.to_money(), method=self.method, provider=self.provider)


async def _top_ups(request: Request) -> TopUps:
    return cast("TopUps", request.app.state.top_ups)


TopUpsDep = Annotated[TopUps, Depends(_top_ups)]


@router.post(
    "/balance/top-ups",
    status_code=202,
    response_model=PaymentRead,
    responses=problems(TierLimitExceededError, NoProviderError, ProviderNotOfferedError),
)
async def top_up_balance(body: TopUpIn, user: CurrentUser, key: IdempotencyKey, top_ups: TopUpsDep) -> Response:
    """Add money to your balance through a payment provider; the payment shows where to pay in a moment."""
    return send(
        await top_ups.start(
            body.to_wish(),
            actor=user,
            once=key.by(user.id),
            render=partial(render_payment, status=202),
        )
    )
