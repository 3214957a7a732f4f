"""How one dated rule follows another: what has begun is ended, what has not begun is withdrawn, nothing is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from kro.core.decisions import Update
from kro.core.errors import ValidationFailedError


class Dated(Protocol):
    """A rule that counts from a moment on, until another follows it."""

    @property
    def id(self) -> UUID: ...

    @property
    def version(self) -> int: ...

    @property
    def effective_from(self) -> datetime: ...

    @property
    def effective_to(self) -> datetime | None: ...

    @property
    def withdrawn_at(self) -> datetime | None: ...


R = TypeVar("R", bound=Dated)

START_POINTER: Final = "/effective_from"


@dataclass(frozen=True, slots=True)
class Period:
    """From when on new rules count, and just before when they end; ``None`` is open."""

    starts: datetime
    ends: datetime | None = None

    @classmethod
    def of(cls, starts: datetime | None, ends: datetime | None, *, now: datetime) -> Period:
        """Return the period of a change made now; without a start it begins at once.

        :raises ValidationFailedError: when it would begin in the past, or end before it begins.
        """
        if starts is not None and starts < now:
            raise ValidationFailedError(START_POINTER, "in_the_past", "The past cannot be changed.")
        begins = starts or now
        if ends is not None and ends <= begins:
            raise ValidationFailedError("/effective_to", "before_start", "A change must end after it begins.")
        return cls(begins, ends)

    def meets(self, rule: Dated) -> bool:
        """Whether a rule counts at any moment of the period."""
        return (
            rule.withdrawn_at is None
            and (rule.effective_to is None or rule.effective_to > self.starts)
            and (self.ends is None or rule.effective_from < self.ends)
        )


@dataclass(frozen=True, slots=True)
class Succession(Generic[R]):
    """The rules that make room: ``ended`` when the new ones begin, ``withdrawn`` before they ever counted."""

    ended: tuple[R, ...]
    withdrawn: tuple[R, ...]

    @classmethod
    def of(cls, rules: Sequence[R], period: Period) -> Succession[R]:
        """Sort those rules that meet the period; the caller has chosen the ones of the same scope."""
        met = sorted((rule for rule in rules if period.meets(rule)), key=lambda rule: rule.id)
        return cls(
            ended=tuple(rule for rule in met if rule.effective_from < period.starts),
            withdrawn=tuple(rule for rule in met if rule.effective_from >= period.starts),
        )

    def __bool__(self) -> bool:
        return bool(self.ended or self.withdrawn)

    def updates(self, table: str, period: Period, *, now: datetime) -> tuple[Update, ...]:
        """Return the writes in ascending id, the same order for everybody, so that rivals wait and do not deadlock."""
        changes = [(rule, {"effective_to": period.starts}) for rule in self.ended]
        changes += [(rule, {"withdrawn_at": now}) for rule in self.withdrawn]
        return tuple(
            Update(table, rule.id, rule.version, change)
            for rule, change in sorted(changes, key=lambda found: found[0].id)
        )
