"""Tokens nobody was given open nothing, over HTTP and at the sockets; and how keys are changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import httpx2
import jwt
import pytest
import websockets
from pydantic import SecretBytes
from tests.access.calls import Calls
from tests.access.forgeries import Forger

from admin_desk import at_desk
from kro.bootstrap import build
from kro.bootstrap.live import ADMINS, USERS
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.permissions import Role
from kro.core.auth.tokens import TokenVerifier
from kro.core.config import Settings
from kro.main import create_api
from kro_api import BUYER_PHONE, PASSWORD, World
from live_client import served

pytestmark = pytest.mark.asyncio(loop_scope="package")

DOORS: Final = {"user": "/v1/me", "admin": "/v1/admin/payouts"}


async def forger(calls: Calls, kind: str) -> Forger:
    world, identity = calls.scene.world, calls.scene.world.application.identity
    mine: TokenVerifier = getattr(identity, f"{kind}_tokens")
    tokens = {"user": world.buyer.token, "admin": calls.scene.admins[Role.SUPER].token}
    logged_in = await world.http.post("/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD})
    other = "admin" if kind == "user" else "user"
    now = world.application.clock.now()
    return Forger(mine._world, tokens[kind], tokens[other], logged_in.json()["refresh_token"], now)


async def knock(world: World, path: str, token: str) -> tuple[int, str]:
    headers = [(b"authorization", b"Bearer " + token.encode("latin-1", "replace"))]
    reply = await world.http.get(path, headers=headers)
    return reply.status_code, reply.json().get("code", "")


@pytest.mark.parametrize("kind", ["user", "admin"])
async def test_no_forgery_opens_a_door(calls: Calls, kind: str) -> None:
    world, door, forged = calls.scene.world, DOORS[kind], await forger(calls, kind)
    forgeries = forged.all()
    assert await knock(world, door, forged.signed()) == (200, ""), "the control: a token nothing is wrong with"

    opened = {name: await knock(world, door, token) for name, token in forgeries.items()}

    assert {name: answer for name, answer in opened.items() if answer != (401, "invalid_token")} == {}
    assert len(set(forgeries.values())) == len(forgeries) >= 100


async def test_no_forgery_is_let_in_at_the_sockets(calls: Calls) -> None:
    world = calls.scene.world
    async with served(world.application, world.api) as url:
        for kind, path in (("user", USERS.path), ("admin", ADMINS.path)):
            forged = await forger(calls, kind)
            good = await at_the_socket(url, path, {"the control": forged.signed()})
            answers = await at_the_socket(url, path, forged.all())

            assert [answer[:3] for answer in good.values()] == ["40{"]
            assert {name: answer for name, answer in answers.items() if '"unauthorized"' not in answer} == {}


async def at_the_socket(url: str, path: str, tokens: Mapping[str, str]) -> dict[str, str]:
    """Return what the server answers to each token, several on one connection."""
    address = f"{url.replace('http', 'ws')}/{path}/?EIO=4&transport=websocket"
    answers, names = {}, list(tokens)
    for some in (names[start : start + 20] for start in range(0, len(names), 20)):
        async with websockets.connect(address) as socket:
            assert str(await socket.recv()).startswith("0{")
            for name in some:
                await socket.send("40" + json.dumps({"token": tokens[name]}))
                answers[name] = str(await socket.recv())
    return answers


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Authorization", "Basic {token}")], id="another scheme"),
        pytest.param([("Authorization", "{token}")], id="no scheme"),
        pytest.param([("Authorization", "Bearer")], id="no token"),
        pytest.param([("Authorization", "Bearer\u00a0{token}")], id="another space"),
        pytest.param([("Authorization", "Bearer x, Bearer {token}")], id="two in one"),
        pytest.param([("Authorization", "Bearer x"), ("Authorization", "Bearer {token}")], id="two headers"),
        pytest.param([("X-Authorization", "Bearer {token}")], id="another header"),
        pytest.param([("Cookie", "access_token={token}; Authorization={token}")], id="a cookie"),
    ],
)
async def test_a_good_token_is_taken_from_one_place_only(calls: Calls, headers: list[tuple[str, str]]) -> None:
    world = calls.scene.world
    sent = [(name.encode(), value.format(token=world.buyer.token).encode()) for name, value in headers]
    for reply in (
        await world.http.get("/v1/me", headers=sent),
        await world.http.get("/v1/balance", headers=sent),
    ):
        assert (reply.status_code, reply.json()["code"]) == (401, "invalid_token")


async def test_a_token_in_the_address_opens_nothing(calls: Calls) -> None:
    world = calls.scene.world
    for name in ("access_token", "token", "authorization"):
        reply = await world.http.get("/v1/me", params={name: world.buyer.token})
        assert reply.status_code in {401, 422}
        assert world.buyer.token not in reply.text


def with_keys(settings: Settings, **keys: Mapping[str, bytes]) -> Settings:
    """Return settings with these signing keys of each world, the first of them to sign with."""
    changed: dict[str, Any] = {}
    for world, pairs in keys.items():
        tokens = getattr(settings.jwt, world)
        changed[world] = type(tokens).model_validate(
            {
                **tokens.model_dump(),
                "keys": [{"kid": kid, "secret": SecretBytes(secret)} for kid, secret in pairs.items()],
            }
        )
    return settings.model_copy(update={"jwt": settings.jwt.model_copy(update=changed)})


@asynccontextmanager
async def running(calls: Calls, settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Open the program once more on the same database, as after a restart with another configuration."""
    outside = calls.scene.world.providers
    application = build(settings, providers=outside, hasher=PasswordHasher(memory_kib=64, rounds=1))
    await application.open()
    transport = httpx2.ASGITransport(app=create_api(application))
    async with httpx2.AsyncClient(transport=transport, base_url=settings.app.public_base_url) as http:
        yield http
    await application.close()


async def log_in(calls: Calls, http: httpx2.AsyncClient, kind: str) -> str:
    if kind == "user":
        reply = await http.post("/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD})
    else:
        admin = await at_desk(calls.scene.world, email=f"{uuid4().hex}@kro.example", http=http)
        return admin.token
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


async def status(http: httpx2.AsyncClient, kind: str, token: str) -> int:
    return (await http.get(DOORS[kind], headers={"Authorization": f"Bearer {token}"})).status_code


class TestKeys:
    @pytest.mark.parametrize("kind", ["user", "admin"])
    async def test_are_changed_without_logging_anybody_out(self, calls: Calls, kind: str) -> None:
        scene, settings = calls.scene, calls.scene.world.application.settings
        now_in_use = {key.kid: key.secret.get_secret_value() for key in getattr(settings.jwt, kind).keys}
        [kid] = now_in_use
        old = {"user": scene.world.buyer.token, "admin": scene.admins[Role.SUPER].token}[kind]
        both, new_only = {"n2": b"n" * 32, **now_in_use}, {"n2": b"n" * 32}

        answers = []
        for keys in (now_in_use, both, new_only):
            async with running(calls, with_keys(settings, **{kind: keys})) as http:
                fresh = await log_in(calls, http, kind)
                answers.append(
                    (jwt.get_unverified_header(fresh)["kid"], *[await status(http, kind, t) for t in (old, fresh)])
                )

        assert answers == [(kid, 200, 200), ("n2", 200, 200), ("n2", 401, 200)]
