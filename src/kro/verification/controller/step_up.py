from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.core.guards import ActiveUser
from kro.core.http import JSONBytes, Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.verification.controller.schemas import ChallengeRead
from kro.verification.domain import AuthenticatorNeededError, StepUp, StepUpTaskIn

router = Router(prefix="/auth", tags=["auth"])


async def _step_up(request: Request) -> StepUp:
    return cast("StepUp", request.app.state.step_up)


@router.post(
    "/step-up",
    status_code=202,
    response_model=ChallengeRead,
    responses=problems(AuthenticatorNeededError, RateLimitedError),
)
async def send_proof(body: StepUpTaskIn, user: ActiveUser, step_up: Annotated[StepUp, Depends(_step_up)]) -> JSONBytes:
    """Have a code sent to your phone that is good for one task, as an answer `step_up_required` describes it."""
    return JSONBytes.of(ChallengeRead.of(await step_up.request(body.to_task(), actor=user)), status=202)
