"""Brings the cast together and plays the journey against a running server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import httpx2
from rich.console import Console

from kro.core.ids import SystemIdSource
from kro.demo.admin import AdminDesk, AdminLogin
from kro.demo.client import API, DemoError
from kro.demo.display import Display
from kro.demo.journey import Cast, Journey
from kro.demo.listener import Listener
from kro.demo.party import Contact, Party
from kro.demo.sandbox import Sandbox

_TIMEOUT_SECONDS: Final = 20.0
_MIDDLE_DIGITS: Final = 100_000_000


def run_demo(*, base_url: str, sandbox_url: str, admin: AdminLogin, console: Console | None = None) -> int:
    """Play the journey and return the exit code: 0 only when every figure was right to the kobo."""
    display = Display(console or Console())
    try:
        asyncio.run(play(base_url=base_url, sandbox_url=sandbox_url, admin=admin, display=display))
    except DemoError as error:
        display.failed(str(error))
        return 1
    display.passed()
    return 0


async def play(*, base_url: str, sandbox_url: str, admin: AdminLogin, display: Display) -> None:
    """Play the journey with people and a bank account that were never used before.

    :raises DemoError: at the first thing that is not as it must be.
    """
    async with assembled(base_url=base_url, sandbox_url=sandbox_url, admin=admin) as cast:
        await Journey(cast, display=display, account_number=fresh_account_number()).play()


@asynccontextmanager
async def assembled(*, base_url: str, sandbox_url: str, admin: AdminLogin) -> AsyncIterator[Cast]:
    """Lend a buyer, a seller, an admin and the sandbox, each with connections of its own."""
    async with AsyncExitStack() as stack:

        async def api(url: str) -> API:
            client = httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)
            return API(await stack.enter_async_context(client), ids=SystemIdSource())

        async def party(role: str) -> Party:
            contact = Contact.fresh(first_name="Demo", last_name=role.title())
            listener = await stack.enter_async_context(Listener(base_url))
            return Party(role=role, contact=contact, api=await api(base_url), listener=listener)

        yield Cast(
            buyer=await party("buyer"),
            seller=await party("seller"),
            admin=AdminDesk(login=admin, api=await api(base_url)),
            sandbox=Sandbox(await api(sandbox_url)),
        )


def fresh_account_number() -> str:
    """Return ten digits of an ordinary account; the sandbox gives other meanings to some endings, none in 5."""
    return f"2{secrets.randbelow(_MIDDLE_DIGITS):08d}5"
