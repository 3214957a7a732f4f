"""A user's own verification: the tier, what it allows, and the numbers given for it."""

from datetime import date, datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Request, Response
from pydantic import Field, StringConstraints

from kro.core.decisions import Reply
from kro.core.errors import ValidationFailedError
from kro.core.guards import CurrentUser
from kro.core.http import IdempotencyKey, Input, JSONBytes, Output, Router, problems, send
from kro.core.ids import show_id
from kro.core.kyc.identity import IdentityKind
from kro.core.rate_limit import RateLimitedError
from kro.management.database.identity_records import CheckStatus, IdentityCheck, SubmissionState
from kro.management.domain.consents import CURRENT_CONSENT
from kro.management.domain.identity import GiveNumber, IdentityService
from kro.management.domain.identity_errors import (
    ConsentOutdatedError,
    IdentityAttemptsError,
    IdentityCheckOpenError,
    IdentityVerifiedError,
)

router = Router(prefix="/me/kyc", tags=["me"])


async def _identity(request: Request) -> IdentityService:
    return cast("IdentityService", request.app.state.identity_checks)


IdentityDep = Annotated[IdentityService, Depends(_identity)]


class IdentityIn(Input):
    """A BVN or NIN. The names are those of the profile: they are what bank accounts are compared with too."""

    kind: IdentityKind
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{11}$")] = Field(examples=["22222222222"])
    date_of_birth: date = Field(examples=["1990-01-31"])
    middle_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    consent_version: str = Field(max_length=20, description="Version of the consent text that was shown and accepted.")


class CheckRead(Output):
    """A number that was given; its owner sees whether it was confirmed, and nobody the number."""

    id: str = Field(examples=["idc_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: IdentityKind
    number: str = Field(examples=["*******2222"])
    status: CheckStatus
    created_at: datetime

    @classmethod
    def of(cls, check: IdentityCheck) -> Self:
        return cls(
            id=show_id("idc", check.id),
            kind=check.kind,
            number=check.masked_number,
            status=check.status,
            created_at=check.created_at,
        )


class ConsentRead(Output):
    version: str
    text: str


class KYCRead(Output):
    tier: int = Field(ge=0, le=3)
    checks: list[CheckRead]
    consent: ConsentRead

    @classmethod
    def of(cls, state: SubmissionState) -> Self:
        return cls(
            tier=state.standing.kyc_tier,
            checks=[CheckRead.of(check) for check in state.checks],
            consent=ConsentRead(version=CURRENT_CONSENT.version, text=CURRENT_CONSENT.text),
        )


@router.get("", response_model=KYCRead)
async def read_kyc(user: CurrentUser, identity: IdentityDep) -> JSONBytes:
    """Return your tier, the numbers you gave, and the consent text to show before another one."""
    return JSONBytes.of(KYCRead.of(await identity.read(user)))


@router.post(
    "",
    status_code=202,
    response_model=CheckRead,
    responses=problems(
        ConsentOutdatedError,
        IdentityAttemptsError,
        IdentityCheckOpenError,
        IdentityVerifiedError,
        ValidationFailedError,
        RateLimitedError,
    ),
)
async def give_number(body: IdentityIn, user: CurrentUser, key: IdempotencyKey, identity: IdentityDep) -> Response:
    """Give a BVN or NIN. It is looked up in the background; you are told of the outcome."""
    command = GiveNumber(
        kind=body.kind,
        number=body.number,
        born=body.date_of_birth,
        consent_version=body.consent_version,
        middle_name=body.middle_name,
    )
    return send(await identity.submit(command, actor=user, once=key.by(user.id), render=_render))


def _render(check: IdentityCheck) -> Reply:
    return Reply(status=202, body=CheckRead.of(check).model_dump_json().encode())
