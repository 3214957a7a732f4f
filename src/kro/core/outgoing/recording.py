"""What is remembered of each call: for support, and to see how a provider is doing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from kro.core.outgoing.breaker import BreakerState
from kro.core.outgoing.exchange import Exchange, JSONValue, NotSent, Reply

_HIDDEN: Final = frozenset(
    {"password", "pin", "otp", "cvv", "cvc", "bvn", "nin", "username", "secret", "token", "signature", "apikey"}
    | {"cardnumber", "expiry", "authorizationcode", "accesscode"}
)
_MASK: Final = "***"


class CallOutcome(StrEnum):
    ANSWERED = "answered"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with its repeats. ``cause`` says why there was no answer; ``exchange`` is JSON without credentials."""

    provider: str
    operation: str
    reference: str | None
    outcome: CallOutcome
    cause: str | None
    status: int | None
    breaker: BreakerState
    duration_ms: int
    exchange: str | None = field(default=None, repr=False)


class CallRecorder(Protocol):
    async def record(self, call: CallRecord) -> None:
        """Keep a call; what cannot be kept is lost without troubling the caller."""
        ...


def outcome_of(exchange: Exchange) -> tuple[CallOutcome, str | None, int | None]:
    """Return what came of a call, why it has no answer, and the status of the answer."""
    match exchange:
        case Reply(status=status):
            return CallOutcome.ANSWERED, None, status
        case NotSent(cause=cause):
            return CallOutcome.NOT_SENT, cause, None
        case _:
            return CallOutcome.UNKNOWN, exchange.cause, None


def exchange_text(*, method: str, path: str, body: JSONValue, exchange: Exchange) -> str:
    """Return a call as JSON for support, with credentials and identity numbers masked wherever they stand.

    It has to succeed whatever the answer is: a call whose outcome is known must not be lost over its record.
    """
    call = {"method": method, "path": path, "request": without_secrets(body)}
    answer = exchange.body if isinstance(exchange, Reply) else None
    try:
        # Decimals are written as texts: JSON's own numbers would not keep them exactly.
        return json.dumps({**call, "answer": without_secrets(answer)}, default=str)
    except RecursionError:
        return json.dumps({**call, "answer": "nested too deeply"})


def without_secrets(value: JSONValue) -> JSONValue:
    """Return a JSON value with everything masked that stands under the name of a secret."""
    if isinstance(value, dict):
        return {key: _MASK if _is_secret(key) else without_secrets(item) for key, item in value.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def _is_secret(key: str) -> bool:
    return "".join(character for character in key.lower() if character.isalnum()) in _HIDDEN
