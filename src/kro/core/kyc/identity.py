"""Asking a register who a number belongs to: the interface every vendor is hidden behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias


class IdentityKind(StrEnum):
    """The Bank Verification Number of the banks, and the National Identification Number of the state."""

    BVN = "bvn"
    NIN = "nin"


@dataclass(frozen=True, slots=True)
class Names:
    first: str
    last: str
    middle: str | None = None

    @property
    def whole(self) -> str:
        return " ".join(part for part in (self.first, self.middle, self.last) if part)


@dataclass(frozen=True, slots=True)
class PersonOnRecord:
    """What a register keeps under a number; ``born`` is ``None`` when it did not say."""

    names: Names = field(repr=False)
    born: date | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Matched:
    """The register knows the number. Whether the person is the one who asks is for our own rule to say."""

    person: PersonOnRecord
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The vendor compared itself, and says that number and person do not belong together."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The register knows no such number."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say: no answer, half an answer, or one that cannot be read. Ask again later."""

    cause: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor will not answer us, such as for lack of credit. Asking again at once is of no use."""

    code: str


IdentityResult: TypeAlias = Matched | Mismatch | NotFound | Unknown | Refused


class IdentityProvider(Protocol):
    @property
    def name(self) -> str: ...

    async def resolve(self, kind: IdentityKind, number: str, *, names: Names, born: date) -> IdentityResult:
        """Ask whose number it is. Never inside a transaction; it may be asked again with the same outcome."""
        ...
