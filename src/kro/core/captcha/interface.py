from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class CaptchaPassed:
    """The vendor knows the token. What it says of it is still to be judged; absent facts are ``None``."""

    hostname: str | None
    action: str | None
    score: float | None
    solved_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaptchaFailed:
    """The vendor does not accept the token: made up, used before, or too old. ``codes`` are the vendor's."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaptchaUnavailable:
    """Nobody can say: the vendor is away, or refuses us. With ``ours`` the fault is in our own settings."""

    cause: str
    ours: bool = False


CaptchaResult: TypeAlias = CaptchaPassed | CaptchaFailed | CaptchaUnavailable


class CaptchaProvider(Protocol):
    """Asks whether a person solved a challenge."""

    async def verify(self, token: str, *, ip: str | None) -> CaptchaResult:
        """Ask about a token, which works once; never raises for what the vendor or the network does."""
        ...


@dataclass(frozen=True, slots=True)
class CaptchaRules:
    """What a token has to be for one configuration. ``scores`` is the least score per action; without them it is v2."""

    hostnames: frozenset[str]
    max_age_seconds: int
    scores: dict[str, float] = field(default_factory=dict)
