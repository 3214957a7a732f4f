"""Registers in memory, and the absence of any."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date

from kro.core.kyc.identity import (
    IdentityKind,
    IdentityResult,
    Matched,
    Names,
    NotFound,
    PersonOnRecord,
    Refused,
)


@dataclass(slots=True)
class FakeIdentity:
    """Knows ``people`` by number; ``results`` are given instead, one for each of the next questions."""

    people: dict[str, PersonOnRecord] = field(default_factory=dict, repr=False)
    results: deque[IdentityResult] = field(default_factory=deque)
    asked: list[tuple[IdentityKind, str]] = field(default_factory=list, repr=False)
    name: str = "fake"

    async def resolve(self, kind: IdentityKind, number: str, *, names: Names, born: date) -> IdentityResult:  # noqa: ARG002 - the vendor compares nothing
        self.asked.append((kind, number))
        if self.results:
            return self.results.popleft()
        person = self.people.get(number)
        return NotFound() if person is None else Matched(person, reference=f"fake-{len(self.asked)}")


@dataclass(frozen=True, slots=True)
class NoIdentityProvider:
    """Stands where no vendor is configured: everything goes to the people who review."""

    name: str = "none"

    async def resolve(self, kind: IdentityKind, number: str, *, names: Names, born: date) -> IdentityResult:  # noqa: ARG002 - nobody is asked
        return Refused("not_configured")
