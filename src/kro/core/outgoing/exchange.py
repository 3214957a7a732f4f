"""What can come of one call: an answer, a request that never left, or not knowing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

JSONValue: TypeAlias = "dict[str, JSONValue] | list[JSONValue] | str | int | float | Decimal | bool | None"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer below 500 that is JSON (or empty where the caller allows that).

    Numbers with a point or an exponent are ``Decimal``, digit for digit as they came: some vendors count in those.
    """

    status: int
    body: JSONValue = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    retry_after_seconds: int | None = None

    @property
    def object(self) -> dict[str, JSONValue]:
        """The body if it is a JSON object, otherwise an empty one."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection came about, so not a byte of the request left: repeating it is always safe."""

    cause: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Sending began and no usable answer came: the other side may or may not have acted."""

    cause: str
    retry_after_seconds: int | None = None


Exchange: TypeAlias = Reply | NotSent | OutcomeUnknown
