"""What travels over the sockets, as types: the server, the tests and the documentation are made from the same."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kro.core.actor import ActorKind
from kro.core.errors import KroError
from kro.core.realtime.sessions import Client

Answer: TypeAlias = dict[str, Any]


class SocketInput(BaseModel):
    """What a client sends with a request: closed against unknown fields, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NoInput(SocketInput):
    """An empty object."""


class Accepted(BaseModel):
    """The acknowledgement of a request that was carried out."""

    ok: Literal[True] = True


class Problem(BaseModel):
    code: str = Field(description="Stable, as in the answers of the API.")
    detail: str = Field(description="A sentence.")


class Refused(BaseModel):
    """The acknowledgement of a request that was not carried out."""

    ok: Literal[False] = False
    error: Problem


class Partial(BaseModel):
    """An event too large to be carried whole keeps its short facts: re-read what it is about."""

    model_config = ConfigDict(extra="allow")

    partial: Literal[True]


class Gap(BaseModel):
    """Events may have been missed: ask for what came after the newest `seq` of each order."""

    model_config = ConfigDict(extra="forbid")


class Ended(BaseModel):
    """The connection ends now and has no right to come back with the same token."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        description="`token_expired`, `session_ended`, `standing_changed`, or why a new token was refused."
    )


class NewToken(SocketInput):
    token: SecretStr = Field(min_length=1, max_length=4096, description="A newer access token of the same session.")


class Renewed(Accepted):
    expires_in_seconds: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something the server tells. ``watched_by`` names the field with the order whose watchers hear it as well."""

    name: str
    data: type[BaseModel]
    summary: str
    may_be_partial: bool = False
    watched_by: str | None = None
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """Something a client asks, with the acknowledgement it gets when it is carried out."""

    name: str
    takes: type[SocketInput]
    answers: type[Accepted]
    summary: str


GAP: Final = LiveEvent("realtime.gap", Gap, "The server lost its own connection for a moment, or has just begun.")
ENDED: Final = LiveEvent("session.ended", Ended, "Sent last, before the server disconnects for good.")
REFRESH: Final = LiveRequest(
    "auth:refresh",
    NewToken,
    Renewed,
    "Show a newer access token before the old one runs out. A token that is refused ends the connection.",
)


@dataclass(frozen=True, slots=True)
class Surface:
    """One address of sockets: who connects to it, what they hear and what they may ask."""

    path: str
    kind: ActorKind
    summary: str
    events: tuple[LiveEvent, ...]
    requests: tuple[LiveRequest, ...]

    @property
    def every_event(self) -> tuple[LiveEvent, ...]:
        return (*self.events, GAP, ENDED)

    @property
    def every_request(self) -> tuple[LiveRequest, ...]:
        return (*self.requests, REFRESH)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers. The client then hears what concerns the orders it watches, and no others."""

    answer: Accepted
    watch: str | None = None
    unwatch: str | None = None


Authenticate: TypeAlias = Callable[[str], Awaitable[Client]]
Handle: TypeAlias = Callable[[Client, Any], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Door:
    """A surface with what is behind it.

    Without ``allowed_origins`` only pages of the same origin may connect; apps send no origin and always may.
    ``authenticate`` takes an access token; it and the handlers, by the name of the request, raise a ``KroError`` to
    refuse.
    """

    surface: Surface
    authenticate: Authenticate
    handlers: Mapping[str, Handle]
    allowed_origins: tuple[str, ...] = ()


def parse(model: type[SocketInput], sent: tuple[object, ...]) -> SocketInput:
    """Read what came with a request: exactly one object.

    :raises ValidationError: if it is anything else.
    """
    return model.model_validate(sent[0] if len(sent) == 1 else None)


def refused(code: str, detail: str) -> Answer:
    """Return the acknowledgement of a request that was not carried out."""
    return Refused(error=Problem(code=code, detail=detail)).model_dump(mode="json")


def refused_by(error: KroError) -> Answer:
    return refused(error.code, error.detail)
