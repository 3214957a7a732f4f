"""Whether the person on record is the one who asks: names and birthday together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from kro.core.kyc.identity import (
    IdentityResult,
    Matched,
    Mismatch,
    Names,
    NotFound,
    PersonOnRecord,
    Refused,
)
from kro.management.database.identity_records import CheckCause, CheckStatus
from kro.utils.names import likeness

_FEWEST_SAME: Final = 2
_REVIEW_FROM: Final = 60
"""Of 100: below it nobody needs to look."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a register's answer means for a check; ``score`` is how well the names agree, of 100."""

    status: CheckStatus
    cause: CheckCause
    score: int | None = None


def judge(result: IdentityResult, *, names: Names, born: date) -> Verdict:
    """Say what an answer means: verified, for people to look at, or refused; silence stays pending.

    First and last name must both be on record as whole names, however they are ordered and spelled by ear, and the
    birthday must be the same. A birthday that differs under names that agree is for people: registers have typing
    errors too.
    """
    match result:
        case Matched():
            return _judge_person(result.person, names=names, born=born)
        case Mismatch():
            return Verdict(CheckStatus.REFUSED, CheckCause.VENDOR_MISMATCH)
        case NotFound():
            return Verdict(CheckStatus.REFUSED, CheckCause.NOT_FOUND)
        case Refused():
            return Verdict(CheckStatus.REVIEW, CheckCause.PROVIDER_REFUSED)
        case _:
            return Verdict(CheckStatus.PENDING, CheckCause.PROVIDER_SILENT)


def _judge_person(person: PersonOnRecord, *, names: Names, born: date) -> Verdict:
    found = likeness(f"{names.first} {names.last}", person.names.whole)
    if found.score < _REVIEW_FROM or not found.same:
        return Verdict(CheckStatus.REFUSED, CheckCause.NAMES_UNLIKE, found.score)
    if found.same < max(_FEWEST_SAME, found.claimed):
        return Verdict(CheckStatus.REVIEW, CheckCause.NAMES_DIFFER, found.score)
    if person.born is None:
        return Verdict(CheckStatus.REVIEW, CheckCause.BIRTH_UNKNOWN, found.score)
    if person.born != born:
        return Verdict(CheckStatus.REVIEW, CheckCause.BIRTH_DIFFERS, found.score)
    return Verdict(CheckStatus.VERIFIED, CheckCause.AGREES, found.score)
