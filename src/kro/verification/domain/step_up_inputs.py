"""What clients send as proofs, and to ask for them."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from kro.core.errors import KroError
from kro.core.http import Input, MoneyIn, id_text
from kro.core.ids import read_id
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.step_up_rules import (
    StepUpAction,
    StepUpClaim,
    StepUpRequiredError,
    StepUpSpentError,
    StepUpTask,
)

STEP_UP_PROBLEMS: Final[tuple[type[KroError], ...]] = (
    StepUpRequiredError,
    WrongFactorError,
    FactorLockedError,
    WrongCodeError,
    ChallengeEndedError,
    StepUpSpentError,
    RateLimitedError,
)
"""What a route that takes a proof may answer because of it."""


class StepUpIn(Input):
    """A fresh proof: a code of your authenticator, or the code that `POST /v1/auth/step-up` sent with its challenge."""

    code: str = Field(pattern="^[0-9]{3} ?[0-9]{3}$", examples=["123456"])
    challenge_id: Annotated[str, id_text("otp")] | None = Field(
        default=None, description="Only with a code that was sent.", examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"]
    )

    def to_claim(self) -> StepUpClaim:
        return StepUpClaim(self.code, read_id("otp", self.challenge_id) if self.challenge_id else None)


class StepUpTaskIn(Input):
    """What a code is wanted for: `action`, `target` and `amount` as the answer `step_up_required` gave them."""

    action: StepUpAction
    target: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"]
    )
    amount: MoneyIn | None = None

    def to_task(self) -> StepUpTask:
        return StepUpTask(self.action, self.target, self.amount.to_money() if self.amount else None)


class ProvenIn(Input):
    """Nothing, or the proof that an amount above the threshold needs."""

    step_up: StepUpIn | None = Field(default=None, description="The proof, when `step_up_required` was answered.")

    def claim(self) -> StepUpClaim | None:
        return self.step_up.to_claim() if self.step_up else None
