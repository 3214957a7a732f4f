"""The interface is described by another process, in the same words, and without keeping anybody waiting."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx2
import orjson
import pytest
from tests.unit.run.test_lean_imports import NOWHERE

from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.http import new_api
from kro.core.ids import SequentialIdSource
from kro.main import create_api
from kro.run.describing import described_elsewhere


class Desk:
    """Describes when it is told to, as often as it is asked."""

    def __init__(self) -> None:
        self.times = 0
        self.failures = 0
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def describe(self) -> bytes:
        self.times += 1
        self.begun.set()
        await self.may_end.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of memory")
        return b'{"openapi": "3.1.0"}'


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> httpx2.AsyncClient:
    settings = load_settings(environment="local", environ={}).app
    api = new_api(
        title="KRO", version="1", settings=settings, ids=SequentialIdSource(), checks={}, describe=desk.describe
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://kro")


async def test_everybody_is_served_meanwhile_and_it_is_made_once(client: httpx2.AsyncClient, desk: Desk) -> None:
    asking = [asyncio.create_task(client.get("/openapi.json")) for _ in range(3)]
    await desk.begun.wait()
    assert (await client.get("/health/live")).status_code == 200
    asking[0].cancel()
    desk.may_end.set()

    assert [(await one).json() for one in asking[1:]] == [{"openapi": "3.1.0"}] * 2
    assert (await client.get("/openapi.json")).headers["content-type"] == "application/json"
    assert desk.times == 1


async def test_where_it_fails_the_next_one_tries_again(client: httpx2.AsyncClient, desk: Desk) -> None:
    desk.failures = 1
    desk.may_end.set()

    failed = await client.get("/openapi.json")

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert (await client.get("/openapi.json")).status_code == 200


@pytest.mark.timeout(300)
async def test_it_says_what_the_served_application_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NOWHERE, "KRO_ENV": "test"}.items():
        monkeypatch.setenv(name, value)
    served = create_api(build(load_settings()))

    assert orjson.loads(await described_elsewhere()) == served.openapi()


async def test_a_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(RuntimeError, match="exit code 1"):
        await described_elsewhere()


async def test_who_ends_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waits = tmp_path / "waits"
    waits.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    waits.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(waits))
    describing = asyncio.create_task(described_elsewhere())
    async with asyncio.timeout(30):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110 - no event of it
            await asyncio.sleep(0.01)
    pid = int((tmp_path / "pid").read_text())

    describing.cancel()
    await asyncio.gather(describing, return_exceptions=True)

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
