from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx2
from fastapi import APIRouter

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


async def works() -> None:
    pass


async def breaks() -> None:
    raise ConnectionError("canary: postgresql://user:secret@host")


async def test_live_looks_at_nothing(serve: Serve, router: APIRouter) -> None:
    async with serve(router, checks={"database": breaks}) as client:
        answer = await client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_ready_when_every_check_passes(serve: Serve, router: APIRouter) -> None:
    async with serve(router, checks={"database": works, "schema": works}) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_not_ready_names_the_failed_check_and_not_its_reason(serve: Serve, router: APIRouter) -> None:
    async with serve(router, checks={"database": breaks, "schema": works}) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["errors"] == [{"pointer": "check:database", "code": "failed", "detail": "Failed."}]
    assert "canary" not in answer.text
