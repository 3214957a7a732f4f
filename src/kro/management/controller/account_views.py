"""What clients are told on their way into an account and out of it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from kro.core.ids import show_id
from kro.verification.domain import Challenge


class ResetStarted(BaseModel):
    """The same for everybody who asks, whether or not there is an account."""

    challenge_id: str | None = Field(
        description="To be sent with the code; none where a link was asked for.",
        examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"],
    )
    expires_in_seconds: int = Field(examples=[300])
    resend_after_seconds: int = Field(examples=[60])

    @classmethod
    def of(cls, challenge: Challenge | None, *, link_seconds: int) -> Self:
        if challenge is None:
            return cls(challenge_id=None, expires_in_seconds=link_seconds, resend_after_seconds=60)
        return cls(
            challenge_id=show_id("otp", challenge.id),
            expires_in_seconds=challenge.expires_in_seconds,
            resend_after_seconds=challenge.resend_after_seconds,
        )


class LinkRequested(BaseModel):
    """The same for everybody who asks, whether or not there is an account."""

    expires_in_seconds: int = Field(examples=[900])
    resend_after_seconds: int = Field(default=60, examples=[60])


class SessionsEnded(BaseModel):
    ended: int = Field(examples=[2])
