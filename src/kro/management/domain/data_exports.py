"""A copy of everything about a person, for that person alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson

from kro.core.actor import AccountNotActiveError, Actor
from kro.core.auth.passwords import PasswordHasher
from kro.core.clock import Clock
from kro.core.config import AccountSettings
from kro.core.decisions import Audit, Decision, Message
from kro.core.decisions.encoding import encode, plain
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.outbox import Envelope
from kro.core.rate_limit import Limit, RateLimiter
from kro.core.storage import ObjectStore, SignedDownload, new_object_key
from kro.management.database.data_exports import DataExport, DataExportStore
from kro.management.database.passwords import PasswordStore
from kro.management.domain.passwords import WrongPasswordError
from kro.management.domain.records import record

EXPORT_TOPIC: Final = "data.export"
_LINK_LIFE: Final = timedelta(minutes=5)
_DAY: Final = 86_400
_PASSWORDS: Final = Limit("data_export_password", quota=10, window_seconds=900)
_TYPE: Final = "application/json"


class DataExportNotFoundError(KroError):
    """There is no such copy."""

    kind = ErrorKind.NOT_FOUND
    code = "data_export_not_found"


class DataExportNotReadyError(KroError):
    """The copy is not ready, or was deleted; ask for a new one when it has expired."""

    code = "data_export_not_ready"


class DataExports:
    def __init__(
        self,
        store: DataExportStore,
        *,
        passwords: PasswordStore,
        files: ObjectStore,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        settings: AccountSettings,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._files = files
        self._limiter = limiter
        self._hasher = hasher
        self._kept = timedelta(hours=settings.export_hours)
        self._daily = Limit("data_export_day", quota=settings.exports_per_day, window_seconds=_DAY)
        self._clock = clock
        self._ids = ids

    async def request(self, *, password: str, actor: Actor) -> DataExport:
        """Have a copy built by the worker.

        :raises WrongPasswordError: when the password is another.
        :raises RateLimitedError: when there were too many copies today, or too many wrong passwords.
        """
        await self._limiter.hit((_PASSWORDS, str(actor.id)))
        own = await self._passwords.own(actor.id)
        if own is None:
            raise AccountNotActiveError
        if not (await self._hasher.verify(password, own[0])).correct:
            raise WrongPasswordError("/password")
        await self._limiter.forgive(_PASSWORDS, str(actor.id))
        await self._limiter.hit((self._daily, str(actor.id)))
        export_id = self._ids.new()
        message = Message(id=self._ids.new(), topic=EXPORT_TOPIC, payload={"export_id": export_id})
        audit = self._audit("data_export.requested", actor, export_id)
        document = encode(Decision(messages=(message,), audits=(audit,)))
        await self._store.request(export_id, user_id=actor.id, document=document)
        return await self._found(export_id, actor)

    async def list_of(self, actor: Actor) -> Sequence[DataExport]:
        return await self._store.list_of(actor.id)

    async def link(self, export_id: UUID, *, actor: Actor) -> SignedDownload:
        """Return where the owner downloads a copy, for five minutes; each link is on record.

        :raises DataExportNotFoundError: when it is not the actor's.
        :raises DataExportNotReadyError: when it is not built yet, or was deleted.
        """
        found = await self._found(export_id, actor)
        if found.object_key is None or found.status != "ready" or found.expires_at <= self._clock.now():
            raise DataExportNotReadyError
        await self._store.record(
            record("data_export.downloaded", actor=actor, target=("data_export", export_id), ids=self._ids)
        )
        return await self._files.presign_download(
            key=found.object_key, content_type=_TYPE, file_name="kro-data.json", lifetime=_LINK_LIFE
        )

    async def handle(self, envelope: Envelope) -> None:
        """Build one copy. A second try after a crash stores another file; the first is found by nobody."""
        export_id = UUID(envelope.payload["export_id"])
        user_id = await self._store.pending(export_id)
        if user_id is None:
            return
        content = {"made_at": self._clock.now(), **await self._store.everything_about(user_id)}
        data = orjson.dumps(content, default=plain, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
        key = new_object_key()
        await self._files.put(key=key, data=data, content_type=_TYPE)
        until = self._clock.now() + self._kept
        told = notice(
            id=self._ids.new(),
            user_id=user_id,
            template="data_export_ready",
            reader=Reader.OWNER,
            facts={"until": until.isoformat()},
        )
        document = encode(Decision(messages=(told,)))
        if not await self._store.ready(export_id, key=key, size=len(data), kept=self._kept, document=document):
            await self._files.delete(key=key)

    async def expire_due(self, *, limit: int) -> int:
        """Delete copies whose time is over; return how many."""
        due = await self._store.expired(limit=limit)
        for export_id, key in due:
            if key is not None:
                await self._files.delete(key=key)
            await self._store.expire(export_id)
        return len(due)

    async def _found(self, export_id: UUID, actor: Actor) -> DataExport:
        found = await self._store.find(export_id, user_id=actor.id)
        if found is None:
            raise DataExportNotFoundError
        return found

    def _audit(self, action: str, actor: Actor, export_id: UUID) -> Audit:
        return Audit(id=self._ids.new(), actor=actor, action=action, target_type="data_export", target_id=export_id)
