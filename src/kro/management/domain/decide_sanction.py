"""Hits, freezes and their end, decided on loaded facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final
from uuid import UUID

from kro.core.alerts import alert
from kro.core.decisions import Decision, Insert, Message, Outcome, Update
from kro.core.ids import show_id
from kro.core.sanctions import Hit
from kro.management.database.sanction_records import (
    Freeze,
    FreezeState,
    MatchState,
    MatchStatus,
    SanctionMatch,
    ScreenedUser,
)
from kro.management.domain.decide_identity import Deed
from kro.management.domain.sanction_errors import (
    AccountFrozenError,
    FreezeLiftedError,
    FreezeNotFoundError,
    MatchDecidedError,
    MatchNotFoundError,
    OwnMatchError,
)
from kro.order.domain import freeze_message

_MOST_HITS: Final = 20
"""A name that is like so many is looked at by its best ones."""


def decide_hits(user: ScreenedUser | None, hits: Sequence[Hit], *, deed: Deed) -> Outcome[int]:
    """Put hits that nobody has looked at before into the queue; a likely one freezes the account at once.

    One that waits there as possible, and has become likely since the birthday is known, freezes too. The user is told
    nothing. The value is how many hits are new, or likely now.
    """
    if user is None:
        return Outcome(Decision(), 0)
    known = {match.comparison: match for match in user.matches}
    fresh: dict[tuple[str, str, str, str], SanctionMatch] = {}
    raised: list[SanctionMatch] = []
    for hit in hits:
        match = _match(user, hit, deed)
        before = known.get(match.comparison)
        if before is not None and match.likely and not before.likely and before.status is MatchStatus.OPEN:
            raised.append(before)
        elif before is None and len(fresh) < _MOST_HITS:
            fresh.setdefault(match.comparison, match)
    if not fresh and not raised:
        return Outcome(Decision(), 0)
    new = [*fresh.values(), *raised]
    likely = next((match for match in new if match.likely or match in raised), None)
    decision = Decision(
        writes=(
            *((Insert("sanction_matches", tuple(asdict(match) for match in fresh.values())),) if fresh else ()),
            *(Update("sanction_matches", match.id, match.version, {"likely": True}) for match in raised),
        ),
        audits=(deed.audit("sanctions.matched", ("user", user.id), detail={"matches": shown_ids(new)}),),
        messages=(_alarm(user, new, deed, is_likely=likely is not None),),
    )
    if likely is not None and not user.is_frozen:
        decision += _frozen(user, likely, deed)
    return Outcome(decision, len(new))


def decide_match(state: MatchState, status: MatchStatus, *, reason: str, deed: Deed) -> Outcome[SanctionMatch]:
    """Confirm a match, or dismiss one that froze nobody.

    A confirmed match freezes the account if it is not yet. What froze an account is dismissed by lifting the freeze.

    :raises MatchNotFoundError: when there is none.
    :raises OwnMatchError: when it is about the admin.
    :raises MatchDecidedError: when it was decided already.
    :raises AccountFrozenError: when the account is frozen for the match that would be dismissed.
    """
    match = state.match
    if match is None:
        raise MatchNotFoundError
    if state.is_own:
        raise OwnMatchError
    if match.status is not MatchStatus.OPEN:
        raise MatchDecidedError
    is_cause = state.freeze is not None and state.freeze.match_id == match.id
    if status is MatchStatus.DISMISSED and is_cause:
        raise AccountFrozenError
    decided = replace(
        match,
        status=status,
        decided_by=deed.actor.id,
        decided_at=deed.now,
        reason=reason,
        version=match.version + 1,
    )
    decision = Decision(
        writes=(_settled(match, decided),),
        audits=(deed.audit(f"sanctions.{status}", ("sanction_match", match.id), reason=reason),),
    )
    if status is MatchStatus.CONFIRMED and state.freeze is None:
        freeze = _freeze(match, deed, placed_by=deed.actor.id, reason="confirmed_match")
        decision += _placed(freeze, state.user_version, deed)
    return Outcome(decision, decided)


def decide_freeze_lift(
    state: FreezeState | None, *, proposed_by: UUID, approved_by: UUID, note: str, deed: Deed
) -> Decision:
    """Let an account go on, and dismiss the match that froze it.

    :raises FreezeNotFoundError: when there is none.
    :raises FreezeLiftedError: when it was lifted already.
    :raises OwnMatchError: when one of the two is the owner of the account.
    """
    if state is None or state.freeze is None:
        raise FreezeNotFoundError
    freeze = state.freeze
    if freeze.lifted_at is not None:
        raise FreezeLiftedError
    if {proposed_by, approved_by} & state.related_admins:
        raise OwnMatchError
    lifted = {"lifted_by": proposed_by, "lift_approved_by": approved_by, "lifted_at": deed.now}
    writes: tuple[Update, ...] = (
        Update("user_freezes", freeze.id, freeze.version, lifted),
        Update("users", freeze.user_id, state.user_version, {"frozen_at": None, "updated_at": deed.now}),
    )
    if state.match is not None:
        cleared = replace(
            state.match,
            status=MatchStatus.DISMISSED,
            decided_by=proposed_by,
            decided_at=deed.now,
            reason=note,
        )
        writes += (_settled(state.match, cleared),)
    return Decision(
        writes=writes,
        audits=(deed.audit("sanctions.lifted", ("user", freeze.user_id), reason=note),),
        messages=(freeze_message(freeze.user_id, deed.ids),),
    )


def shown_ids(matches: Sequence[SanctionMatch]) -> list[str]:
    """Return the shown ids of matches."""
    return [show_id("smt", match.id) for match in matches]


def _match(user: ScreenedUser, hit: Hit, deed: Deed) -> SanctionMatch:
    return SanctionMatch(
        id=deed.ids.new(),
        user_id=user.id,
        list_code=hit.listed.list_code,
        list_id=hit.listed.list_id,
        entry_ref=hit.listed.ref,
        listed_name=hit.listed.name,
        compared_name=hit.subject.name,
        source=hit.subject.source,
        score=hit.score,
        likely=hit.likely,
        status=MatchStatus.OPEN,
        decided_by=None,
        decided_at=None,
        reason=None,
        version=1,
        created_at=deed.now,
    )


def _frozen(user: ScreenedUser, match: SanctionMatch, deed: Deed) -> Decision:
    return _placed(_freeze(match, deed, placed_by=None, reason="likely_match"), user.version, deed)


def _freeze(match: SanctionMatch, deed: Deed, *, placed_by: UUID | None, reason: str) -> Freeze:
    return Freeze(
        id=deed.ids.new(),
        user_id=match.user_id,
        match_id=match.id,
        placed_by=placed_by,
        placed_at=deed.now,
        reason=reason,
        lifted_by=None,
        lift_approved_by=None,
        lifted_at=None,
        version=1,
    )


def _placed(freeze: Freeze, user_version: int, deed: Deed) -> Decision:
    return Decision(
        writes=(
            Insert("user_freezes", (asdict(freeze),)),
            Update("users", freeze.user_id, user_version, {"frozen_at": deed.now, "updated_at": deed.now}),
        ),
        audits=(deed.audit("sanctions.frozen", ("user", freeze.user_id), reason=freeze.reason),),
        messages=(freeze_message(freeze.user_id, deed.ids),),
    )


def _settled(before: SanctionMatch, after: SanctionMatch) -> Update:
    names = ("status", "decided_by", "decided_at", "reason")
    return Update("sanction_matches", before.id, before.version, {name: getattr(after, name) for name in names})


def _alarm(user: ScreenedUser, new: Sequence[SanctionMatch], deed: Deed, *, is_likely: bool) -> Message:
    return alert(
        id=deed.ids.new(),
        kind="sanction_match",
        subject="Account frozen: likely on a sanctions list" if is_likely else "Possible match with a sanctions list",
        detail=(
            f"User {show_id('usr', user.id)}, matches {', '.join(shown_ids(new))}. "
            + ("Their orders wait until two officers lift the freeze." if is_likely else "Nothing is held by this.")
        ),
    )
