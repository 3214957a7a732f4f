"""What the parties do when they disagree: issues, offers, disputes and appeals."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response

from kro.core.actor import AccountRestrictedError
from kro.core.errors import KroError
from kro.core.guards import CurrentUser
from kro.core.http import JSONBytes, Router, problems, send
from kro.core.ids import read_id
from kro.core.money import CurrencyMismatchError
from kro.core.rate_limit import RateLimitedError
from kro.order.controller.dependencies import AskDep, IssueReadsDep, IssuesDep
from kro.order.controller.documents import render_order
from kro.order.controller.inputs import NoInput
from kro.order.controller.issue_inputs import IssueIn, OfferIn, StatementIn, WordsIn
from kro.order.controller.issue_views import IssueRecordRead, IssueRecordsRead
from kro.order.controller.views import OrderRead
from kro.order.domain import OrderNotFoundError, errors, issue_errors
from kro.verification.domain import STEP_UP_PROBLEMS, ProvenIn

router = Router(prefix="/orders/{order_id}", tags=["issues"])

IssueId = Annotated[str, Path(examples=["iss_01kajz7k3nf9b8r2m4q6s8t0vw"])]
OfferId = Annotated[str, Path(examples=["ofr_01kajz7k3nf9b8r2m4q6s8t0vw"])]

_COMMON: tuple[type[KroError], ...] = (
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
)
_ON_ISSUE: tuple[type[KroError], ...] = (*_COMMON, issue_errors.IssueNotFoundError)
_SHARES: tuple[type[KroError], ...] = (
    issue_errors.SplitTooSmallError,
    issue_errors.SplitAboveHeldError,
)
_HELD: tuple[type[KroError], ...] = (AccountRestrictedError, errors.OrderOnHoldError)


@router.get("/issues", response_model=IssueRecordsRead, responses=problems(OrderNotFoundError))
async def list_issues(order_id: str, user: CurrentUser, issues: IssueReadsDep) -> Response:
    """Return the order's disagreements with all that was said, offered and decided."""
    found = await issues.of_order(read_id("ord", order_id), actor=user)
    if found is None:
        raise OrderNotFoundError
    return JSONBytes.of(IssueRecordsRead(data=[IssueRecordRead.of(row, row["currency"]) for row in found]))


@router.post(
    "/issues",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.InspectionOverError, errors.ConditionNotFoundError, RateLimitedError),
)
async def report_issue(ask: AskDep, body: IssueIn, issues: IssuesDep) -> Response:
    """Say that something is wrong. The order's deadlines wait until both agree or the platform has decided."""
    return send(await issues.report(ask, body.command(), render=render_order))


@router.post(
    "/issues/{issue_id}/answer",
    response_model=OrderRead,
    responses=problems(*_ON_ISSUE, issue_errors.AlreadyAnsweredError),
)
async def answer_issue(issue_id: IssueId, ask: AskDep, body: WordsIn, issues: IssuesDep) -> Response:
    """Answer the other party's issue; without an answer it goes to the platform."""
    return send(await issues.answer(ask, read_id("iss", issue_id), body.text, render=render_order))


@router.post(
    "/issues/{issue_id}/concede",
    response_model=OrderRead,
    responses=problems(*_ON_ISSUE, *_HELD),
)
async def concede_issue(issue_id: IssueId, ask: AskDep, _: NoInput, issues: IssuesDep) -> Response:
    """Give in, as the seller: everything the order holds goes back to the buyer."""
    return send(await issues.concede(ask, read_id("iss", issue_id), render=render_order))


@router.post("/issues/{issue_id}/withdraw", response_model=OrderRead, responses=problems(*_ON_ISSUE))
async def withdraw_issue(issue_id: IssueId, ask: AskDep, _: NoInput, issues: IssuesDep) -> Response:
    """Take your own issue back; the order goes on where it was."""
    return send(await issues.withdraw(ask, read_id("iss", issue_id), render=render_order))


@router.post("/issues/{issue_id}/escalate", response_model=OrderRead, responses=problems(*_ON_ISSUE))
async def escalate_issue(issue_id: IssueId, ask: AskDep, _: NoInput, issues: IssuesDep) -> Response:
    """Ask the platform to decide."""
    return send(await issues.escalate(ask, read_id("iss", issue_id), render=render_order))


@router.post(
    "/issues/{issue_id}/statements",
    response_model=OrderRead,
    responses=problems(*_ON_ISSUE, issue_errors.EvidenceClosedError, errors.EvidenceNotFoundError),
)
async def add_statement(issue_id: IssueId, ask: AskDep, body: StatementIn, issues: IssuesDep) -> Response:
    """Put your view and your evidence on the dispute's record, while the time for it runs."""
    return send(await issues.add_statement(ask, read_id("iss", issue_id), body.command(), render=render_order))


@router.post(
    "/issues/{issue_id}/appeal",
    response_model=OrderRead,
    responses=problems(*_ON_ISSUE, issue_errors.NotAppealableError),
)
async def appeal_decision(issue_id: IssueId, ask: AskDep, body: WordsIn, issues: IssuesDep) -> Response:
    """Have another person look at the decision again, once; what that person decides is final."""
    return send(await issues.appeal(ask, read_id("iss", issue_id), body.text, render=render_order))


@router.post(
    "/issues/{issue_id}/waive-appeal",
    response_model=OrderRead,
    responses=problems(*_ON_ISSUE, *_HELD, issue_errors.NotAppealableError, *STEP_UP_PROBLEMS),
)
async def waive_appeal(issue_id: IssueId, ask: AskDep, body: ProvenIn, issues: IssuesDep) -> Response:
    """Accept the decision; it takes effect when nobody is left who could appeal."""
    return send(await issues.waive_appeal(ask, read_id("iss", issue_id), claim=body.claim(), render=render_order))


@router.post(
    "/offers",
    response_model=OrderRead,
    responses=problems(*_COMMON, *_SHARES, CurrencyMismatchError, AccountRestrictedError, *STEP_UP_PROBLEMS),
)
async def make_offer(ask: AskDep, body: OfferIn, issues: IssuesDep) -> Response:
    """Offer how to share what the order holds; it takes the place of your earlier offer."""
    return send(await issues.make_offer(ask, body.command(), claim=body.claim(), render=render_order))


@router.post(
    "/offers/{offer_id}/accept",
    response_model=OrderRead,
    responses=problems(
        *_COMMON, *_HELD, *_SHARES, issue_errors.OfferNotFoundError, issue_errors.OfferExpiredError, *STEP_UP_PROBLEMS
    ),
)
async def accept_offer(offer_id: OfferId, ask: AskDep, body: ProvenIn, issues: IssuesDep) -> Response:
    """Take the other party's offer; the order ends as it says."""
    return send(await issues.accept_offer(ask, read_id("ofr", offer_id), claim=body.claim(), render=render_order))


@router.post(
    "/offers/{offer_id}/decline",
    response_model=OrderRead,
    responses=problems(*_COMMON, issue_errors.OfferNotFoundError),
)
async def decline_offer(offer_id: OfferId, ask: AskDep, _: NoInput, issues: IssuesDep) -> Response:
    """Turn the other party's offer down."""
    return send(await issues.decline_offer(ask, read_id("ofr", offer_id), render=render_order))


@router.post(
    "/offers/{offer_id}/withdraw",
    response_model=OrderRead,
    responses=problems(*_COMMON, issue_errors.OfferNotFoundError),
)
async def withdraw_offer(offer_id: OfferId, ask: AskDep, _: NoInput, issues: IssuesDep) -> Response:
    """Take your own offer back."""
    return send(await issues.withdraw_offer(ask, read_id("ofr", offer_id), render=render_order))
