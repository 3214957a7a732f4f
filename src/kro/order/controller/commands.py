"""What the parties do with an order."""

from __future__ import annotations

from fastapi import Response

from kro.core.actor import AccountRestrictedError
from kro.core.errors import KroError
from kro.core.guards import CurrentUser
from kro.core.http import IdempotencyKey, Router, problems, send
from kro.core.kyc import TierLimitExceededError
from kro.core.money import CurrencyMismatchError
from kro.core.phone import InvalidPhoneError, to_e164
from kro.order.controller.dependencies import AskDep, OrdersDep
from kro.order.controller.documents import render_new_order, render_order
from kro.order.controller.inputs import (
    AcceptIn,
    ExtendIn,
    FundIn,
    FundingMethod,
    NoInput,
    OrderIn,
    PartIn,
    ReasonIn,
    create_command,
)
from kro.order.controller.views import OrderRead
from kro.order.domain import errors
from kro.order.domain.condition_rules import SenselessConditionError
from kro.order.domain.decide_agree import AcceptOrder
from kro.order.domain.decide_fund import BalanceCoversError, BalanceTooLowError
from kro.order.domain.service import PaymentWish
from kro.payment.domain import NoProviderError, PaymentMethod, PaymentRead, ProviderNotOfferedError, render_payment
from kro.verification.domain import STEP_UP_PROBLEMS, ProvenIn

router = Router(prefix="/orders", tags=["orders"])

_COMMON: tuple[type[KroError], ...] = (
    AccountRestrictedError,
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
)


@router.post(
    "",
    status_code=201,
    response_model=OrderRead,
    responses=problems(
        errors.QuoteExpiredError,
        AccountRestrictedError,
        TierLimitExceededError,
        InvalidPhoneError,
        errors.CounterpartyNotFoundError,
        errors.SamePartyError,
        errors.UnknownTemplateError,
        errors.NoConditionsError,
        SenselessConditionError,
    ),
)
async def create_order(body: OrderIn, user: CurrentUser, key: IdempotencyKey, orders: OrdersDep) -> Response:
    """Propose an order to somebody by their number, at the price of a fee quote; who has no account is invited."""
    command = create_command(body, counterparty_phone=to_e164(body.counterparty_phone, pointer="/counterparty_phone"))
    return send(await orders.create(command, actor=user, once=key.by(user.id), render=render_new_order))


@router.post(
    "/{order_id}/accept",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.StaleTermsError, errors.SellerNotVerifiedError, TierLimitExceededError),
)
async def accept_order(ask: AskDep, body: AcceptIn, orders: OrdersDep) -> Response:
    """Accept exactly the terms whose hash is named."""
    return send(await orders.accept(ask, AcceptOrder(body.terms_hash), render=render_order))


@router.post("/{order_id}/decline", response_model=OrderRead, responses=problems(*_COMMON))
async def decline_order(ask: AskDep, body: ReasonIn, orders: OrdersDep) -> Response:
    """Turn the proposal down."""
    return send(await orders.decline(ask, body.reason, render=render_order))


@router.post(
    "/{order_id}/cancel",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.PaymentInProgressError, errors.NotOverdueError, errors.OrderOnHoldError),
)
async def cancel_order(ask: AskDep, body: ReasonIn, orders: OrdersDep) -> Response:
    """Call the order off. After funding the seller can at any time; the buyer once the delivery is overdue."""
    return send(await orders.cancel(ask, body.reason, render=render_order))


@router.post(
    "/{order_id}/fund",
    response_model=OrderRead,
    responses={
        202: {"model": PaymentRead, "description": "The payment is being set up; where to pay follows."},
        **problems(
            *_COMMON,
            BalanceTooLowError,
            BalanceCoversError,
            TierLimitExceededError,
            NoProviderError,
            ProviderNotOfferedError,
            errors.OrderOnHoldError,
        ),
    },
)
async def fund_order(ask: AskDep, body: FundIn, orders: OrdersDep) -> Response:
    """Pay what is due: from the balance at once, or through a payment provider."""
    if body.method is FundingMethod.BALANCE:
        return send(await orders.fund_from_balance(ask, render=render_order))
    return send(
        await orders.start_payment(
            ask,
            PaymentWish(PaymentMethod(body.method), provider=body.provider, use_balance=body.use_balance),
            render=lambda payment: render_payment(payment, status=202),
        )
    )


@router.post(
    "/{order_id}/complete", response_model=OrderRead, responses=problems(*_COMMON, errors.ConditionsUnmetError)
)
async def complete_order(ask: AskDep, _: NoInput, orders: OrdersDep) -> Response:
    """Say that the work is done; the buyer's inspection period starts."""
    return send(await orders.complete(ask, render=render_order))


@router.post(
    "/{order_id}/approve",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.ConditionsUnmetError, errors.OrderOnHoldError, *STEP_UP_PROBLEMS),
)
async def approve_order(ask: AskDep, body: ProvenIn, orders: OrdersDep) -> Response:
    """Release the escrow to the seller; an order above the threshold takes a fresh proof (`step_up`)."""
    return send(await orders.approve(ask, claim=body.claim(), render=render_order))


@router.post(
    "/{order_id}/request-changes",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.NoRevisionsLeftError),
)
async def request_changes(ask: AskDep, body: ReasonIn, orders: OrdersDep) -> Response:
    """Send the work back to the seller, as often as the terms allow; what was handed in has to be handed in again."""
    return send(await orders.request_changes(ask, body.reason, render=render_order))


@router.post(
    "/{order_id}/partial-releases",
    response_model=OrderRead,
    responses=problems(
        *_COMMON,
        CurrencyMismatchError,
        errors.ReleaseTooSmallError,
        errors.ReleaseLeavesTooLittleError,
        errors.OrderOnHoldError,
        *STEP_UP_PROBLEMS,
    ),
)
async def release_part(ask: AskDep, body: PartIn, orders: OrdersDep) -> Response:
    """Release a part of the price to the seller; the inspection goes on for the rest."""
    return send(await orders.release_part(ask, body.amount.to_money(), claim=body.claim(), render=render_order))


@router.post(
    "/{order_id}/extend-inspection",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.InspectionOverError, errors.ExtensionUsedError, errors.ExtensionTooLongError),
)
async def extend_inspection(ask: AskDep, body: ExtendIn, orders: OrdersDep) -> Response:
    """Give the buyer more time to inspect: the seller as often as wanted, the buyer once."""
    return send(await orders.extend_inspection(ask, body.hours, render=render_order))
