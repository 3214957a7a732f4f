"""What clients are told on their way into an account and out of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from kro.core.http import Output
from kro.core.ids import show_id
from kro.management.domain import ContactChange, DataExport, Started
from kro.management.domain.decide_contact_change import shown
from kro.verification.domain import Challenge


class ResetStarted(Output):
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


class LinkRequested(Output):
    """The same for everybody who asks, whether or not there is an account."""

    expires_in_seconds: int = Field(examples=[900])
    resend_after_seconds: int = Field(default=60, examples=[60])


class SessionsEnded(Output):
    ended: int = Field(examples=[2])


class ContactChangeStarted(Output):
    """The same whether or not the new one is somebody else's."""

    id: str = Field(examples=["chg_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: Literal["phone", "email"]
    new_challenge_id: str = Field(examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    old_challenge_id: str | None = Field(description="None where nothing proven is replaced.")
    waits_seconds: int = Field(
        description="How long the change waits for the old one to object, unless its code is sent.", examples=[259_200]
    )
    expires_in_seconds: int = Field(description="How long the codes live.", examples=[300])

    @classmethod
    def of(cls, started: Started) -> Self:
        return cls.model_validate(
            {
                "id": show_id("chg", started.change_id),
                "kind": started.kind,
                "new_challenge_id": show_id("otp", started.new.id),
                "old_challenge_id": show_id("otp", started.old.id) if started.old else None,
                "waits_seconds": int(started.waits.total_seconds()),
                "expires_in_seconds": started.new.expires_in_seconds,
            }
        )


class ContactConfirmed(Output):
    in_effect: bool = Field(description="Whether the change took effect; if not, the other side has a say yet.")


class ContactChangeRead(Output):
    id: str = Field(examples=["chg_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: Literal["phone", "email"]
    new: str = Field(examples=["+234803 ***4567"])
    new_proven: bool
    takes_effect_at: datetime
    created_at: datetime


class ContactChangeList(Output):
    data: list[ContactChangeRead]

    @classmethod
    def of(cls, changes: Sequence[ContactChange]) -> Self:
        return cls(
            data=[
                ContactChangeRead.model_validate(
                    {
                        "id": show_id("chg", change.id),
                        "kind": change.kind,
                        "new": shown(change.kind, change.new_value),
                        "new_proven": change.new_proven_at is not None,
                        "takes_effect_at": change.takes_effect_at,
                        "created_at": change.created_at,
                    }
                )
                for change in changes
            ]
        )


class DataExportRead(Output):
    id: str = Field(examples=["exp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: Literal["pending", "ready", "expired"]
    size_bytes: int | None
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, export: DataExport) -> Self:
        return cls.model_validate(
            {
                "id": show_id("exp", export.id),
                "status": export.status,
                "size_bytes": export.size_bytes,
                "requested_at": export.requested_at,
                "ready_at": export.ready_at,
                "expires_at": export.expires_at,
            }
        )


class DataExportList(Output):
    data: list[DataExportRead]


class DataExportLink(Output):
    url: str
    expires_at: datetime
