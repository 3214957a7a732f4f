from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import socketio
from pydantic import ValidationError
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.types import ASGIApp

from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError
from kro.core.realtime.bus import RealtimeBus, Signal
from kro.core.realtime.requests import Answer, JoinRequest, Missed, SyncRequest, parse, refused, refused_by
from kro.core.realtime.sessions import Allowance, Client, Sessions
from kro.core.telemetry import get_logger

_LOG = get_logger()
_NAMESPACE: Final = "/"
_MAX_TOKEN: Final = 4096
_BUSINESS: Final = frozenset({ErrorKind.UNAUTHENTICATED, ErrorKind.FORBIDDEN})

Authenticate = Callable[[str], Awaitable[Client]]
LastSeq = Callable[[UUID, UUID], Awaitable[int]]
EventsAfter = Callable[[UUID, UUID, int], Awaitable[Missed]]


@dataclass(frozen=True, slots=True)
class RealtimeOptions:
    """Without ``allowed_origins`` only pages of the same origin may connect; apps send no origin and always may.

    Only websockets are offered: long-polling would need every request of a client to reach the same process.
    """

    allowed_origins: tuple[str, ...] = ()
    path: str = "socket.io"
    transports: tuple[str, ...] = ("websocket",)
    max_message_bytes: int = 16_384
    connections_per_user: int = 10
    burst: int = 20
    messages_per_second: float = 2.0
    denials_before_disconnect: int = 100
    handshake_seconds: float = 10.0


class RealtimeServer:
    """Socket.IO beside the API: who is connected hears of their orders, and asks for what they missed.

    ``authenticate`` takes an access token; it, ``last_seq`` and ``events_after`` raise a ``KroError`` to refuse, the
    latter two for anybody who is not a party of the order.
    """

    def __init__(
        self,
        *,
        bus: RealtimeBus,
        authenticate: Authenticate,
        last_seq: LastSeq,
        events_after: EventsAfter,
        clock: Clock,
        options: RealtimeOptions | None = None,
    ) -> None:
        self._options = options or RealtimeOptions()
        self._bus = bus
        self._authenticate = authenticate
        self._last_seq = last_seq
        self._events_after = events_after
        self._clock = clock
        self._sessions = Sessions()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listening = asyncio.Event()
        self._sio = self._make_server()

    def mount(self, app: ASGIApp) -> ASGIApp:
        """Return the application to serve: sockets here, everything else and the lifespan to ``app``."""
        mounted: ASGIApp = socketio.ASGIApp(self._sio, other_asgi_app=app, socketio_path=self._options.path)
        return mounted

    async def start(self, *, wait_seconds: float = 5.0) -> None:
        """Begin to listen. A bus that is not reachable in time does not keep the API from starting."""
        self._spawn(self._bus.run(self))
        self._spawn(self._sweep())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), wait_seconds)

    async def stop(self) -> None:
        """Let every client go and stop listening."""
        for sid in self._sessions.all():
            await self._sio.disconnect(sid)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sio.shutdown()

    async def resumed(self) -> None:
        """Tell everybody here that events may have been missed, so that they sync."""
        self._listening.set()
        await self._sio.emit("realtime.gap", {})

    async def deliver(self, signal: Signal) -> None:
        """Emit a signal to those of its users who are connected here."""
        await self._sio.emit(signal.event, dict(signal.data), room=[_user_room(user) for user in signal.users])

    def _make_server(self) -> Any:  # noqa: ANN401 - the library ships no types
        # At INFO the library logs whole packets, and the first one of a client holds its token; its errors are about
        # packets that clients malformed. What concerns us is logged by the handlers here.
        wire = logging.getLogger(f"{__name__}.wire")
        wire.setLevel(logging.CRITICAL)
        server = socketio.AsyncServer(
            async_mode="asgi",
            # An empty list would switch the check of origins off; None means the same origin only.
            cors_allowed_origins=list(self._options.allowed_origins) or None,
            transports=list(self._options.transports),
            max_http_buffer_size=self._options.max_message_bytes,
            # One message of a client at a time: its next one waits in its own connection, not in our memory.
            async_handlers=False,
            logger=wire,
            engineio_logger=wire,
        )
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        server.on("order:join", self._join)
        server.on("order:sync", self._sync)
        server.on("*", self._unknown)
        return server

    async def _connect(self, sid: str, _environ: object = None, auth: object = None, *_: object) -> bool:
        if self._is_connected(sid):
            return False  # A client may send an event named "connect"; it is not a handshake.
        client = await self._admit(auth)
        seconds = (client.expires_at - self._clock.now()).total_seconds()
        if seconds <= 0:
            raise Refused("unauthorized", {"code": "token_expired"})
        if self._sessions.count(client.user_id) >= self._options.connections_per_user:
            raise Refused("refused", {"code": "too_many_connections"})
        allowance = Allowance(burst=self._options.burst, per_second=self._options.messages_per_second, now=_ticks())
        self._sessions.open(sid, client, allowance, seconds=seconds, on_expiry=self._expire)
        await self._sio.enter_room(sid, _user_room(client.user_id))
        return True

    async def _admit(self, auth: object) -> Client:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not 0 < len(token) <= _MAX_TOKEN:
            raise Refused("unauthorized", {"code": "token_missing"})
        try:
            return await self._authenticate(token)
        except KroError as error:
            message = "unauthorized" if error.kind in _BUSINESS else "unavailable"
            raise Refused(message, {"code": error.code}) from None
        except Exception:  # noqa: BLE001 - the client must hear of it, or it waits for ever
            _LOG.exception("socket_not_authenticated")
            raise Refused("unavailable", {"code": "internal_error"}) from None

    async def _disconnect(self, sid: str, *_: object) -> None:
        if self._is_connected(sid):
            return  # As above: only an event of that name, so the session and its expiry stay.
        self._sessions.close(sid)

    async def _join(self, sid: str, *sent: object) -> Answer:
        async def join(client: Client) -> Answer:
            order_id = parse(JoinRequest, sent).order_id
            last_seq = await self._last_seq(client.user_id, order_id)
            await self._sio.enter_room(sid, f"order:{order_id}")
            return {"ok": True, "last_seq": last_seq}

        return await self._answer(sid, join)

    async def _sync(self, sid: str, *sent: object) -> Answer:
        async def sync(client: Client) -> Answer:
            request = parse(SyncRequest, sent)
            missed = await self._events_after(client.user_id, request.order_id, request.after_seq)
            return {"ok": True, "events": list(missed.events), "has_more": missed.has_more}

        return await self._answer(sid, sync)

    async def _unknown(self, _event: object, sid: str, *_: object) -> Answer:
        async def refuse(_: Client) -> Answer:
            return refused("unknown_event", "There is no such event.")

        return await self._answer(sid, refuse)

    async def _answer(self, sid: str, act: Callable[[Client], Awaitable[Answer]]) -> Answer:
        session = self._sessions.get(sid)
        if session is None or session.client.expires_at <= self._clock.now():
            return refused("unauthorized", "Connect again with a valid token.")
        if not session.allowance.take(_ticks()):
            if session.allowance.denied >= self._options.denials_before_disconnect:
                self._spawn(self._sio.disconnect(sid))
            return refused("rate_limited", "Too many messages; slow down.")
        try:
            return await act(session.client)
        except ValidationError:
            return refused("validation_failed", "The payload is not what this event takes.")
        except KroError as error:
            return refused_by(error)
        except Exception:  # noqa: BLE001 - handlers answer, they never raise
            _LOG.exception("socket_request_failed")
            return refused("internal_error", "Something went wrong on our side.")

    def _expire(self, sid: str) -> None:
        self._spawn(self._sio.disconnect(sid))

    async def _sweep(self) -> None:
        """Cut connections that opened and never showed a token, or whose token ran out and that stay all the same."""
        strangers: set[str] = set()
        while True:
            await asyncio.sleep(self._options.handshake_seconds)
            unnamed = {
                eio_sid
                for eio_sid in self._sio.eio.sockets
                if self._sio.manager.sid_from_eio_sid(eio_sid, _NAMESPACE) not in self._sessions
            }
            for eio_sid in unnamed & strangers:
                self._spawn(self._cut(eio_sid))
            strangers = unnamed - strangers

    async def _cut(self, eio_sid: str) -> None:
        transport = self._sio.eio.sockets.get(eio_sid)
        if transport is not None:
            await transport.close(wait=False)
            # The library only asks the client to close; the end of its queue makes the server do it.
            await transport.queue.put(None)

    def _is_connected(self, sid: str) -> bool:
        return bool(self._sio.manager.is_connected(sid, _NAMESPACE))

    def _spawn(self, coroutine: Any) -> None:  # noqa: ANN401 - as the library returns it
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _user_room(user_id: UUID) -> str:
    return f"user:{user_id}"


def _ticks() -> float:
    return asyncio.get_running_loop().time()
