from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias
from uuid import UUID

import socketio
from starlette.types import ASGIApp

from kro.core.actor import ActorKind
from kro.core.clock import Clock
from kro.core.draining import Draining
from kro.core.realtime.bus import Ending, News, RealtimeBus, Signal
from kro.core.realtime.contract import GAP, Door
from kro.core.realtime.gate import Gate
from kro.core.realtime.options import RealtimeOptions
from kro.core.realtime.reception import Reception, permitted, watchers
from kro.core.realtime.sessions import Sessions
from kro.core.telemetry import get_logger

_LOG = get_logger()
_ASKED_AT_ONCE: Final = 1_000

EndedAmong: TypeAlias = Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]


class RealtimeServer:
    """Socket.IO beside the API: who is connected hears of what concerns them, and asks for what they missed.

    ``ended_among`` returns which of some sessions are over, whether revoked, run out, or their owner not active.
    """

    def __init__(
        self,
        *,
        bus: RealtimeBus,
        doors: Sequence[Door],
        ended_among: EndedAmong,
        clock: Clock,
        options: RealtimeOptions | None = None,
    ) -> None:
        self._options = options or RealtimeOptions()
        self._bus = bus
        self._ended_among = ended_among
        self._sessions = Sessions()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listening = asyncio.Event()
        self._draining = Draining()
        self._receptions = {
            door.surface.kind: Reception(
                _make_server(self._options, door.allowed_origins),
                door,
                sessions=self._sessions,
                clock=clock,
                options=self._options,
                spawn=self._spawn,
            )
            for door in doors
        }
        events = [event for door in doors for event in door.surface.events]
        self._watched_by = {event.name: event.watched_by for event in events if event.watched_by is not None}
        for reception in self._receptions.values():
            reception.open()

    def mount(self, app: ASGIApp, *, draining: Draining | None = None) -> ASGIApp:
        """Return the application to serve: sockets here, everything else and the lifespan to ``app``.

        Once ``draining`` begins nobody new is let in, and who is there is let go, evenly over its time.
        """
        self._draining = draining or self._draining
        for reception in self._receptions.values():
            app = socketio.ASGIApp(reception.sio, other_asgi_app=app, socketio_path=reception.path)
        paths = [reception.path for reception in self._receptions.values()]
        return Gate(app, paths=paths, options=self._options, draining=self._draining)

    async def start(self, *, wait_seconds: float = 5.0) -> None:
        """Begin to listen. A bus that is not reachable in time does not keep the API from starting."""
        self._spawn(self._bus.run(self))
        self._spawn(self._sweep())
        self._spawn(self._recheck())
        self._spawn(self._hand_over())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), wait_seconds)

    async def stop(self) -> None:
        """Let every client go and stop listening. Clients take it for a lost connection, and come back."""
        for reception in self._receptions.values():
            for eio_sid in tuple(reception.sio.eio.sockets):
                await reception.cut(eio_sid)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for reception in self._receptions.values():
            await reception.sio.shutdown()

    async def resumed(self) -> None:
        """Tell everybody here that events may have been missed, so that they sync; and miss no ending."""
        self._listening.set()
        for reception in self._receptions.values():
            await reception.sio.emit(GAP.name, {})
        self._spawn(self.see_out_ended())

    async def deliver(self, news: News) -> None:
        """Pass a signal on to whom it concerns, or see out whom an ending means."""
        if isinstance(news, Ending):
            for sid in self._sessions.meant_by(news):
                await self._receptions[news.kind].see_out(sid, news.reason)
            return
        if news.users:
            await self._emit(ActorKind.USER, news, [f"{ActorKind.USER}:{user}" for user in news.users])
        rooms = [permitted(news.permission)] if news.permission else []
        order_id = news.data.get(self._watched_by.get(news.event, ""))
        if isinstance(order_id, str):
            rooms.append(watchers(order_id))
        if rooms:
            await self._emit(ActorKind.ADMIN, news, rooms)

    async def see_out_ended(self) -> None:
        """Ask whether everybody here may still be here: what the bus lost is found out all the same."""
        here = self._sessions.all()
        ids = sorted({client.session_id for _, client in here})
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            ended = await self._ended_among(ids[start : start + _ASKED_AT_ONCE])
            for sid, client in here:
                if client.session_id in ended:
                    await self._receptions[client.kind].see_out(sid, "session_ended")

    async def _emit(self, kind: ActorKind, signal: Signal, rooms: list[str]) -> None:
        reception = self._receptions.get(kind)
        if reception is None:
            return
        await reception.sio.emit(signal.event, dict(signal.data), room=rooms)
        for eio_sid in reception.too_slow(rooms):
            _LOG.warning("socket_too_slow")
            self._spawn(reception.cut(eio_sid))

    async def _hand_over(self) -> None:
        """Have everybody here reconnect, which the proxy leads to another process, and not all of them at once."""
        await self._draining.wait()
        here = [(reception, sid) for reception in self._receptions.values() for sid in tuple(reception.sio.eio.sockets)]
        for reception, eio_sid in here:
            await reception.cut(eio_sid)
            await asyncio.sleep(self._draining.seconds / len(here))

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self._options.recheck_seconds)
            try:
                await self.see_out_ended()
            except Exception as error:  # noqa: BLE001 - tokens run out anyhow, and the next round asks again
                _LOG.warning("socket_recheck_failed", error_type=type(error).__name__)

    async def _sweep(self) -> None:
        """Cut connections that opened and never showed a token, or whose token ran out and that stay all the same."""
        strangers: set[str] = set()
        while True:
            await asyncio.sleep(self._options.handshake_seconds)
            unnamed: set[str] = set()
            for reception in self._receptions.values():
                here = {eio_sid for eio_sid in reception.sio.eio.sockets if not reception.is_named(eio_sid)}
                for eio_sid in here & strangers:
                    self._spawn(reception.cut(eio_sid))
                unnamed |= here
            strangers = unnamed - strangers

    def _spawn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _SocketServer(socketio.AsyncServer):  # type: ignore[misc] # the library ships no types
    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        transport = self.eio.sockets.get(eio_sid)
        if transport is not None and reason == self.reason.CLIENT_DISCONNECT:
            # A poll that still waits would go on waiting for a client that left; the end of the queue lets it go.
            await transport.queue.put(None)


def _make_server(options: RealtimeOptions, allowed_origins: Sequence[str]) -> Any:  # noqa: ANN401 - the library ships no types
    # At INFO the library logs whole packets, and the first one of a client holds its token; its errors are about
    # packets that clients malformed. What concerns us is logged by the handlers here.
    wire = logging.getLogger(f"{__name__}.wire")
    wire.setLevel(logging.CRITICAL)
    return _SocketServer(
        async_mode="asgi",
        # An empty list would switch the check of origins off; None means the same origin only.
        cors_allowed_origins=list(allowed_origins) or None,
        # Tokens travel in the packets: no cookie is ever of use.
        cors_credentials=False,
        transports=options.transports,
        ping_interval=options.ping_seconds,
        ping_timeout=options.ping_timeout_seconds,
        max_http_buffer_size=options.max_message_bytes,
        # One message of a client at a time: its next one waits in its own connection, not in our memory.
        async_handlers=False,
        logger=wire,
        engineio_logger=wire,
    )
