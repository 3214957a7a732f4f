"""What is done about somebody who may be on a list, and what a birthday that becomes known changes about it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from kro.core.actor import SYSTEM
from kro.core.decisions import Insert, Update
from kro.core.ids import SequentialIdSource
from kro.core.sanctions import Listed, Subject, screen
from kro.management.database.sanction_records import MatchStatus, SanctionMatch, ScreenedUser
from kro.management.domain.decide_identity import Deed
from kro.management.domain.decide_sanction import decide_hits

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
NAME, BORN = "Bala Testo", date(1970, 1, 2)
LISTED = Listed(UUID(int=1), "house", "N1", "Bala Testo Omaru", ("1970-01-02",))


def user(*matches: SanctionMatch) -> ScreenedUser:
    return ScreenedUser(UUID(int=2), 7, NAME, (), is_frozen=False, verified=None, matches=matches)


def deed() -> Deed:
    return Deed(SYSTEM, NOW, SequentialIdSource())


def waiting() -> SanctionMatch:
    """The match of a name that is part of a listed one, of somebody whose birthday nobody knows."""
    decision = decide_hits(user(), screen(Subject(NAME, "profile"), [LISTED]), deed=deed()).decision
    [write] = decision.writes
    assert isinstance(write, Insert)
    return SanctionMatch(**write.rows[0])


def test_a_possible_match_that_becomes_likely_freezes() -> None:
    match = waiting()
    assert not match.likely
    hits = screen(Subject(NAME, "profile", BORN), [LISTED])

    outcome = decide_hits(user(match), hits, deed=deed())

    assert outcome.value == 1
    assert Update("sanction_matches", match.id, 1, {"likely": True}) in outcome.decision.writes
    assert [write.id for write in outcome.decision.writes if isinstance(write, Update) and write.table == "users"]
    [freeze] = [write for write in outcome.decision.writes if isinstance(write, Insert)]
    assert (freeze.table, freeze.rows[0]["match_id"]) == ("user_freezes", match.id)
    assert {message.topic for message in outcome.decision.messages} == {"alert", "orders.freeze"}


@pytest.mark.parametrize(
    "match",
    [replace(waiting(), likely=True), replace(waiting(), status=MatchStatus.DISMISSED)],
    ids=["same", "decided"],
)
def test_what_is_known_or_decided_does_not_come_back(match: SanctionMatch) -> None:
    hits = screen(Subject(NAME, "profile", BORN), [LISTED])

    assert decide_hits(user(match), hits, deed=deed()).decision.writes == ()
