"""How the parties change terms: before they agree, and while the seller works."""

from __future__ import annotations

from fastapi import Response

from kro.core.actor import AccountRestrictedError
from kro.core.errors import KroError
from kro.core.guards import CurrentUser
from kro.core.http import JSONBytes, Router, problems, send
from kro.core.ids import read_id
from kro.core.kyc import PartnerLimitError, TierLimitExceededError
from kro.core.reading import from_replica
from kro.order.controller.dependencies import AskDep, ClockDep, TermsDep, TermsReadsDep
from kro.order.controller.documents import render_order
from kro.order.controller.inputs import NoInput
from kro.order.controller.terms_inputs import AcceptAmendmentIn, AmendmentIn, TermsIn
from kro.order.controller.terms_views import (
    AmendmentRead,
    AmendmentsRead,
    TermsVersionsRead,
    amendment_read,
    render_amendment,
    versions_read,
)
from kro.order.controller.views import OrderRead
from kro.order.domain import errors, terms_errors
from kro.order.domain.condition_rules import SenselessConditionError
from kro.order.domain.decide_amendment import AcceptAmendment
from kro.order.domain.decide_fund import BalanceTooLowError
from kro.verification.domain import STEP_UP_PROBLEMS

router = Router(prefix="/orders/{order_id}", tags=["orders"])

_COMMON: tuple[type[KroError], ...] = (
    AccountRestrictedError,
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
)
_NEW_TERMS: tuple[type[KroError], ...] = (
    errors.QuoteExpiredError,
    TierLimitExceededError,
    PartnerLimitError,
    SenselessConditionError,
    errors.UnknownTemplateError,
    errors.NoConditionsError,
    terms_errors.TooManyVersionsError,
    terms_errors.TermsUnchangedError,
)
_AMENDED: tuple[type[KroError], ...] = (
    errors.PaymentInProgressError,
    TierLimitExceededError,
    PartnerLimitError,
    SenselessConditionError,
    terms_errors.MilestonesAbovePriceError,
    errors.ConditionNotFoundError,
    errors.ConditionClosedError,
    errors.NoConditionsError,
    terms_errors.AmendmentAfterReleaseError,
    terms_errors.DeliveryPassedError,
)
_ON_THE_TABLE: tuple[type[KroError], ...] = (*_COMMON, terms_errors.AmendmentNotFoundError)


@router.get("/terms", response_model=TermsVersionsRead, responses=problems(errors.OrderNotFoundError))
@from_replica
async def list_terms(order_id: str, user: CurrentUser, reads: TermsReadsDep) -> Response:
    """List every version of the terms, oldest first, with what each changed."""
    versions = await reads.versions(read_id("ord", order_id), actor=user)
    if versions is None:
        raise errors.OrderNotFoundError
    return JSONBytes.of(versions_read(versions))


@router.post("/terms", response_model=OrderRead, responses=problems(*_COMMON, *_NEW_TERMS))
async def edit_terms(ask: AskDep, body: TermsIn, terms: TermsDep) -> Response:
    """Write one's own proposal anew, as long as the other party has not accepted it."""
    return send(await terms.edit(ask, body.offered(), body.to_terms(), render=render_order))


@router.post("/counter-offers", response_model=OrderRead, responses=problems(*_COMMON, *_NEW_TERMS))
async def counter_offer(ask: AskDep, body: TermsIn, terms: TermsDep) -> Response:
    """Answer a proposal with other terms; it is for the other side to accept them then."""
    return send(await terms.counter(ask, body.offered(), body.to_terms(), render=render_order))


@router.get("/amendments", response_model=AmendmentsRead, responses=problems(errors.OrderNotFoundError))
async def list_amendments(order_id: str, user: CurrentUser, reads: TermsReadsDep, clock: ClockDep) -> Response:
    """List the newest amendments, the last one first; at most one of them is open."""
    found = await reads.amendments(read_id("ord", order_id), actor=user)
    if found is None:
        raise errors.OrderNotFoundError
    currency, amendments = found
    now = clock.now()
    return JSONBytes.of(AmendmentsRead(data=[amendment_read(one, currency, now=now) for one in amendments]))


@router.post(
    "/amendments",
    status_code=201,
    response_model=AmendmentRead,
    responses=problems(
        *_COMMON,
        *_AMENDED,
        errors.QuoteExpiredError,
        terms_errors.AmendmentOpenError,
        terms_errors.TermsUnchangedError,
        *STEP_UP_PROBLEMS,
    ),
)
async def propose_amendment(ask: AskDep, body: AmendmentIn, terms: TermsDep) -> Response:
    """Propose to change terms while the seller works. For a higher price the buyer tops up before it is accepted."""
    return send(
        await terms.propose(ask, body.offered(), body.to_proposal(), claim=body.claim(), render=render_amendment)
    )


@router.post(
    "/amendments/{amendment_id}/accept",
    response_model=OrderRead,
    responses=problems(
        *_ON_THE_TABLE,
        *_AMENDED,
        errors.StaleTermsError,
        errors.OrderOnHoldError,
        terms_errors.AmendmentExpiredError,
        BalanceTooLowError,
        *STEP_UP_PROBLEMS,
    ),
)
async def accept_amendment(amendment_id: str, ask: AskDep, body: AcceptAmendmentIn, terms: TermsDep) -> Response:
    """Accept exactly the amendment whose hash is named; terms and escrow follow it at once."""
    command = AcceptAmendment(read_id("amd", amendment_id), body.hash)
    return send(await terms.accept(ask, command, claim=body.claim(), render=render_order))


@router.post("/amendments/{amendment_id}/decline", response_model=OrderRead, responses=problems(*_ON_THE_TABLE))
async def decline_amendment(amendment_id: str, ask: AskDep, _: NoInput, terms: TermsDep) -> Response:
    """Turn the other party's amendment down."""
    return send(await terms.decline(ask, read_id("amd", amendment_id), render=render_order))


@router.post("/amendments/{amendment_id}/withdraw", response_model=OrderRead, responses=problems(*_ON_THE_TABLE))
async def withdraw_amendment(amendment_id: str, ask: AskDep, _: NoInput, terms: TermsDep) -> Response:
    """Take one's own amendment back."""
    return send(await terms.withdraw(ask, read_id("amd", amendment_id), render=render_order))
