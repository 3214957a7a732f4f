from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeAlias

from pydantic import SecretStr, ValidationError
from socketio.exceptions import ConnectionRefusedError as Refusal

from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError
from kro.core.realtime.contract import (
    ENDED,
    REFRESH,
    Answer,
    Door,
    Ended,
    LiveRequest,
    NewToken,
    Renewed,
    Reply,
    parse,
    refused,
    refused_by,
)
from kro.core.realtime.options import RealtimeOptions
from kro.core.realtime.sessions import Allowance, Client, Session, Sessions
from kro.core.telemetry import get_logger

_LOG = get_logger()
_MAX_TOKEN: Final = 4096
_NAMESPACE: Final = "/"
_NOT_WELCOME: Final = frozenset({ErrorKind.UNAUTHENTICATED, ErrorKind.FORBIDDEN})

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, Any]], None]


class TokenOfAnotherSessionError(KroError):
    """The token is of another session; connect again with it."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "other_session"


class Reception:
    """One surface: lets its people in, answers what they ask by acknowledgement, and sees them out."""

    def __init__(
        self,
        sio: Any,  # noqa: ANN401 - the library ships no types
        door: Door,
        *,
        sessions: Sessions,
        clock: Clock,
        options: RealtimeOptions,
        spawn: Spawn,
    ) -> None:
        self.sio = sio
        self._door = door
        self._sessions = sessions
        self._clock = clock
        self._options = options
        self._spawn = spawn
        self.path = door.surface.path

    def open(self) -> None:
        """Take over everything that happens there."""
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._disconnect)
        for request in self._door.surface.requests:
            self.sio.on(request.name, partial(self._ask, request))
        self.sio.on(REFRESH.name, self._refresh)
        self.sio.on("*", self._unknown)

    async def see_out(self, sid: str, reason: str) -> None:
        """Say why and disconnect; the client does not come back by itself."""
        if not self._is_connected(sid):
            return
        await self.sio.emit(ENDED.name, Ended(code=reason).model_dump(), to=sid)
        await self.sio.disconnect(sid)

    def is_named(self, eio_sid: str) -> bool:
        """Whether a transport has shown a token."""
        return self.sio.manager.sid_from_eio_sid(eio_sid, _NAMESPACE) in self._sessions

    def too_slow(self, rooms: list[str]) -> tuple[str, ...]:
        """Return the transports of some rooms that have more waiting than they may."""
        sockets = self.sio.eio.sockets
        there = {eio_sid for _, eio_sid in self.sio.manager.get_participants(_NAMESPACE, rooms)}
        bound = self._options.queued_packets
        return tuple(eio_sid for eio_sid in there & set(sockets) if sockets[eio_sid].queue.qsize() > bound)

    async def cut(self, eio_sid: str) -> None:
        """Take the transport away; to the client it is a lost connection."""
        transport = self.sio.eio.sockets.get(eio_sid)
        if transport is None:
            return
        while not transport.queue.empty():
            transport.queue.get_nowait()
            transport.queue.task_done()
        await transport.close(wait=False)
        # The library only asks the client to close; the end of its queue makes the server do it.
        await transport.queue.put(None)

    async def _connect(self, sid: str, _environ: object = None, auth: object = None, *_: object) -> bool:
        if self._is_connected(sid):
            return False  # A client may send an event named "connect"; it is not a handshake.
        began = _ticks()
        client = await self._admit(auth)
        seconds = self._seconds_left(client)
        if seconds <= 0:
            raise Refusal("unauthorized", {"code": "token_expired"})
        if self._sessions.count(client) >= self._options.connections_per_person:
            raise Refusal("refused", {"code": "too_many_connections"})
        if self._sessions.was_ended_since(client, began):
            raise Refusal("unauthorized", {"code": "session_ended"})
        options = self._options
        allowance = Allowance(burst=options.burst, per_second=options.messages_per_second, now=_ticks())
        self._sessions.open(sid, client, allowance, seconds=seconds, on_expiry=self._expire)
        for room in rooms_of(client):
            await self.sio.enter_room(sid, room)
        return True

    async def _admit(self, auth: object) -> Client:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not 0 < len(token) <= _MAX_TOKEN:
            raise Refusal("unauthorized", {"code": "token_missing"})
        try:
            return await self._door.authenticate(token)
        except KroError as error:
            message = "unauthorized" if error.kind in _NOT_WELCOME else "unavailable"
            raise Refusal(message, {"code": error.code}) from None
        except Exception:  # noqa: BLE001 - the client must hear of it, or it waits for ever
            _LOG.exception("socket_not_authenticated")
            raise Refusal("unavailable", {"code": "internal_error"}) from None

    async def _disconnect(self, sid: str, *_: object) -> None:
        if self._is_connected(sid):
            return  # As above: only an event of that name, so the session and its expiry stay.
        self._sessions.close(sid)

    async def _ask(self, request: LiveRequest, sid: str, *sent: object) -> Answer:
        async def act(session: Session) -> Answer:
            handle = self._door.handlers[request.name]
            reply = await handle(session.client, parse(request.takes, sent))
            return await self._watch(sid, session, reply)

        return await self._answer(sid, act)

    async def _watch(self, sid: str, session: Session, reply: Reply) -> Answer:
        if reply.watch is not None:
            if len(session.watched) >= self._options.watched_orders:
                return refused("too_many_orders", "Stop watching another order first.")
            session.watched.add(reply.watch)
            await self.sio.enter_room(sid, watchers(reply.watch))
        if reply.unwatch is not None:
            session.watched.discard(reply.unwatch)
            await self.sio.leave_room(sid, watchers(reply.unwatch))
        return reply.answer.model_dump(mode="json")

    async def _refresh(self, sid: str, *sent: object) -> Answer:
        async def renew(session: Session) -> Answer:
            token: SecretStr = NewToken.model_validate(parse(NewToken, sent)).token
            began = _ticks()
            try:
                client = await self._door.authenticate(token.get_secret_value())
                if (client.id, client.session_id) != (session.client.id, session.client.session_id):
                    raise TokenOfAnotherSessionError
            except KroError as error:
                if error.kind in _NOT_WELCOME:
                    self._spawn(self.see_out(sid, error.code))
                raise
            if sid not in self._sessions or self._sessions.was_ended_since(client, began):
                return refused("session_ended", "The session has ended; log in again.")
            seconds = self._seconds_left(client)
            self._sessions.renew(sid, client, seconds=seconds, on_expiry=self._expire)
            return Renewed(expires_in_seconds=int(seconds)).model_dump(mode="json")

        return await self._answer(sid, renew)

    async def _unknown(self, _event: object, sid: str, *_: object) -> Answer:
        async def refuse(_: Session) -> Answer:
            return refused("unknown_event", "There is no such event.")

        return await self._answer(sid, refuse)

    async def _answer(self, sid: str, act: Callable[[Session], Coroutine[Any, Any, Answer]]) -> Answer:
        session = self._sessions.get(sid)
        if session is None or session.client.expires_at <= self._clock.now():
            return refused("unauthorized", "Connect again with a valid token.")
        if not session.allowance.take(_ticks()):
            if session.allowance.denied >= self._options.denials_before_disconnect:
                self._spawn(self.see_out(sid, "rate_limited"))
            return refused("rate_limited", "Too many messages; slow down.")
        try:
            return await act(session)
        except ValidationError:
            return refused("validation_failed", "The payload is not what this event takes.")
        except KroError as error:
            return refused_by(error)
        except Exception:  # noqa: BLE001 - handlers answer, they never raise
            _LOG.exception("socket_request_failed")
            return refused("internal_error", "Something went wrong on our side.")

    def _seconds_left(self, client: Client) -> float:
        return (client.expires_at - self._clock.now()).total_seconds()

    def _expire(self, sid: str) -> None:
        self._spawn(self.see_out(sid, "token_expired"))

    def _is_connected(self, sid: str) -> bool:
        return bool(self.sio.manager.is_connected(sid, _NAMESPACE))


def rooms_of(client: Client) -> tuple[str, ...]:
    """Return what a client hears without asking: its own affairs, and what its permissions open."""
    return (f"{client.kind}:{client.id}", *(permitted(permission) for permission in sorted(client.permissions)))


def permitted(permission: str) -> str:
    return f"permission:{permission}"


def watchers(order_id: str) -> str:
    return f"order:{order_id}"


def _ticks() -> float:
    return asyncio.get_running_loop().time()
