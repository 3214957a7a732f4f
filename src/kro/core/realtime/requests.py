"""What clients may ask over the socket, and how they are answered: by acknowledgement, never by an exception."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kro.core.errors import KroError
from kro.core.ids import read_id

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Missed:
    """Events after a ``seq``, in order, as the events API shows them; ``has_more`` asks to be asked again."""

    events: Sequence[dict[str, Any]]
    has_more: bool


class JoinRequest(BaseModel):
    """The payload of ``order:join``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(max_length=64)

    @property
    def order_id(self) -> UUID:
        """The order's identifier.

        :raises UnknownIdError: if it is not one.
        """
        return read_id("ord", self.id)


class SyncRequest(JoinRequest):
    """The payload of ``order:sync``."""

    after_seq: int = Field(ge=0, le=2**31 - 1)


R = TypeVar("R", bound=JoinRequest)


def parse(model: type[R], sent: tuple[object, ...]) -> R:
    """Read what came with an event: exactly one object.

    :raises ValidationError: if it is anything else.
    """
    return model.model_validate(sent[0] if len(sent) == 1 else None)


def refused(code: str, detail: str) -> Answer:
    """Return the acknowledgement of a request that was not carried out."""
    return {"ok": False, "error": {"code": code, "detail": detail}}


def refused_by(error: KroError) -> Answer:
    return refused(error.code, error.detail)
