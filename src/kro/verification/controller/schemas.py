from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from kro.core.guards import CaptchaToken
from kro.core.http import Email, Input, Output
from kro.core.ids import show_id
from kro.core.sms import TextChannel
from kro.verification.domain import Challenge

PhoneText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=40)]


class CodeRequest(Input):
    """Asks for a new code in place of one that did not arrive."""

    phone: PhoneText | None = Field(
        default=None, examples=["08031234567"], description="A Nigerian mobile number, written in any usual way."
    )
    email: Email | None = Field(default=None, description="In place of the phone, for who registers by mail.")
    purpose: Literal["register"] = Field(examples=["register"])
    channel: TextChannel = Field(
        default=TextChannel.SMS,
        description="How the code should come. `whatsapp` may be asked for after half of `resend_after_seconds`; a "
        "number that is not there gets a text all the same.",
    )
    captcha_token: CaptchaToken | None = None
    challenge_id: str | None = Field(
        default=None,
        description="The challenge whose code did not arrive. Always send it: a code that names no challenge is only "
        "sent while the number has a single registration open.",
        examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"],
    )


class ChallengeRead(Output):
    challenge_id: str = Field(examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    expires_in_seconds: int = Field(examples=[300])
    resend_after_seconds: int = Field(examples=[60])

    @classmethod
    def of(cls, challenge: Challenge) -> Self:
        return cls(
            challenge_id=show_id("otp", challenge.id),
            expires_in_seconds=challenge.expires_in_seconds,
            resend_after_seconds=challenge.resend_after_seconds,
        )
