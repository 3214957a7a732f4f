"""Sanctions: lists are imported, people compared with them, and matches decided."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Reply
from kro.core.encryption import SealedValueError
from kro.core.ids import IdSource, show_id
from kro.core.outbox import Envelope
from kro.core.paging import Position
from kro.core.sanctions import Hit, ListFormat, Subject, name_keys, read_list, screen
from kro.management.database.sanction_records import (
    MatchFile,
    MatchState,
    MatchStatus,
    SanctionList,
    SanctionMatch,
    ScreenedUser,
)
from kro.management.database.sanctions import SanctionRepository
from kro.management.domain.decide_identity import Deed
from kro.management.domain.decide_sanction import decide_hits, decide_match
from kro.management.domain.identity_vault import IdentityVault
from kro.management.domain.records import record

_BATCH: Final = 50


class SanctionScreening:
    """Compares people with the lists, one at a time when a name is new, all of them when a list is."""

    def __init__(
        self,
        sanctions: SanctionRepository,
        *,
        runner: DecisionRunner,
        vault: IdentityVault,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._sanctions = sanctions
        self._runner = runner
        self._vault = vault
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``sanctions.screen``: somebody has a new name."""
        await self.screen(UUID(envelope.payload["user_id"]))

    async def screen(self, user_id: UUID) -> int:
        """Compare every name of a user with the lists in force; return how many hits are new."""
        user = await self._sanctions.person(user_id)
        if user is None:
            return 0
        hits = await self._hits(user)
        if not hits:
            return 0
        return await self._runner.carry_out(
            load=lambda: self._sanctions.person(user_id),
            decide=lambda state: decide_hits(state, hits, deed=Deed(SYSTEM, self._clock.now(), self._ids)),
        )

    async def screen_next(self) -> int:
        """Compare the next batch of people with a list that is new; return how many there were."""
        found = await self._sanctions.to_screen(limit=_BATCH)
        if found is None:
            return 0
        list_id, users = found
        for user_id in users:
            await self.screen(user_id)
        await self._sanctions.screened(list_id, last=users[-1] if users else None)
        return len(users)

    async def _hits(self, user: ScreenedUser) -> Sequence[Hit]:
        hits: list[Hit] = []
        named = {user.name: "profile"} | dict.fromkeys(
            (name for name in user.account_names if name != user.name), "bank_account"
        )
        for name, source in named.items():
            candidates = await self._sanctions.candidates(name_keys(name))
            found = screen(Subject(name, source), candidates)
            if found and (born := self._born(user)) is not None:
                # The birthday is opened only where a name is like one on a list.
                found = screen(Subject(name, source, born), candidates)
            hits += found
        return sorted(hits, key=lambda hit: not hit.likely)

    def _born(self, user: ScreenedUser) -> date | None:
        if user.verified is None:
            return None
        try:
            secret = self._vault.open(user.verified)
        except SealedValueError:
            return None
        return secret.born if secret is not None else None


class SanctionImports:
    """Takes lists in; each takes the place of the one before with the same code."""

    def __init__(self, sanctions: SanctionRepository, *, clock: Clock, ids: IdSource) -> None:
        self._sanctions = sanctions
        self._clock = clock
        self._ids = ids

    async def take_in(self, data: bytes, *, code: str, form: ListFormat, actor: Actor) -> SanctionList:
        """Import a file. What of it cannot be read is counted and told; from then on everybody is compared anew.

        The file that is in force already changes nothing.

        :raises UnreadableListError: when the file is not of its format, or nobody is in it.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        present = await self._sanctions.in_force(code=code, form=form, sha256=sha256)
        if present is not None:
            return present
        # Half a minute of parsing must hold up nobody else's request.
        parsed = await asyncio.to_thread(read_list, data, form)
        new = SanctionList(
            id=self._ids.new(),
            code=code,
            format=form,
            sha256=sha256,
            status="active",
            entries=len(parsed.entries),
            names=sum(len(entry.names) for entry in parsed.entries),
            unreadable=parsed.unreadable,
            problems=tuple(parsed.problems),
            imported_at=self._clock.now(),
            imported_by=actor.id if actor is not SYSTEM else None,
            screened_at=None,
        )
        await self._sanctions.add_list(new, parsed.entries)
        trace = record(
            "sanctions.imported",
            actor=actor,
            target=("sanction_list", new.id),
            ids=self._ids,
            detail={
                "list": show_id("snl", new.id),
                "code": code,
                "sha256": new.sha256,
                "entries": new.entries,
                "unreadable": new.unreadable,
            },
        )
        return await self._sanctions.activate(new, record=trace)

    async def list(self, *, before: Position | None, limit: int) -> Sequence[SanctionList]:
        """Return imports, newest first."""
        return await self._sanctions.lists(before=before, limit=limit)


class SanctionMatches:
    """The queue of those who may be on a list."""

    def __init__(self, sanctions: SanctionRepository, *, runner: DecisionRunner, clock: Clock, ids: IdSource) -> None:
        self._sanctions = sanctions
        self._runner = runner
        self._clock = clock
        self._ids = ids

    async def list(self, *, status: MatchStatus | None, before: Position | None, limit: int) -> Sequence[MatchFile]:
        """Return matches, newest first."""
        return await self._sanctions.matches(status=status, before=before, limit=limit)

    async def decide(
        self,
        match_id: UUID,
        status: MatchStatus,
        *,
        reason: str,
        actor: Actor,
        once: Once,
        render: Callable[[SanctionMatch], Reply],
    ) -> Reply:
        """Confirm a match, or dismiss one that froze nobody.

        :raises KroError: what :func:`decide_match` refuses.
        """

        async def load() -> Loaded[MatchState]:
            loaded = await self._sanctions.for_deciding(match_id, actor=actor, key=once.key)
            loaded.state.standing.ensure_permitted(Permission.SANCTIONS_DECIDE)
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda state: decide_match(
                state, status, reason=reason, deed=Deed(actor, self._clock.now(), self._ids)
            ),
            render=render,
            once=once,
        )
