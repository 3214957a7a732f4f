"""Requests nobody would write by hand, made from the API's own documentation, against the running product."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pyotp
import pytest

from stack import Stack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "content_type_conformance",
)
LEFT_OUT = "/auth/(logout|sessions|refresh)|/fees/(changes|taxes)$|/condition-templates/.+/(de)?activate$"
"""What would end the session of the requests, or change prices and conditions for everybody else on this stack."""


def nobodys_token(_: Stack) -> None:
    return None


def buyers_token(stack: Stack) -> str:
    body = {"phone": "+2348030000001", "password": "kro-local-only buyer"}
    return log_in(f"{stack.base_url}/v1/auth/login", body)


def sellers_token(stack: Stack) -> str:
    body = {"phone": "+2348030000002", "password": "kro-local-only seller"}
    return log_in(f"{stack.base_url}/v1/auth/login", body)


def admin_token(stack: Stack) -> str:
    # A code works once, and another test may have logged in with this one: the next one comes within half a minute.
    totp, credentials = (
        pyotp.TOTP(stack.admin.totp_secret),
        {"email": stack.admin.email, "password": stack.admin.password},
    )
    for _ in range(2):
        reply = httpx2.post(
            f"{stack.base_url}/v1/admin/auth/login", json={**credentials, "totp": totp.now()}, trust_env=False
        )
        if reply.status_code == HTTPStatus.OK:
            return str(reply.json()["access_token"])
        time.sleep(totp.interval - time.time() % totp.interval + 0.5)
    return log_in(f"{stack.base_url}/v1/admin/auth/login", {**credentials, "totp": totp.now()})


def log_in(url: str, body: dict[str, str]) -> str:
    reply = httpx2.post(url, json=body, trust_env=False)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


OPEN: Final = "^/(health|v1/((admin/)?auth|public|webhooks|files)/)"
"""What takes no token, or may be called before there is one."""
ROUNDS: Final = int(os.environ.get("KRO_GENERATED", "0"))
"""How often each role tries everything in a long run; without it each role tries its own part once."""


@dataclass(frozen=True)
class Role:
    token_of: Callable[[Stack], str | None]
    paths: str
    """Those that this role is the only one to try out in a short run; in a long one everybody tries everything."""
    phases: str = "examples,coverage,fuzzing"
    examples: int = 5


ROLES: Final = {
    "nobody": Role(nobodys_token, OPEN),
    "buyer": Role(buyers_token, "^/v1/(?!admin|auth/|public/|webhooks/|files/)"),
    "seller": Role(sellers_token, "^/v1/(orders|balance|payouts|refunds|me)", phases="fuzzing", examples=2),
    "admin": Role(admin_token, "^/v1/admin/(?!auth/)"),
}


@pytest.mark.timeout(300 + ROUNDS * 900)
@pytest.mark.parametrize("name", ROLES)
def test_every_answer_is_a_documented_one(stack: Stack, tmp_path: Path, name: str) -> None:
    role = ROLES[name]
    for seed in range(ROUNDS):
        # Each round logs in anew, for tokens do not live as long as a long run.
        try:
            ask(stack, tmp_path, replace(role, paths="^/", phases="examples,coverage,fuzzing", examples=10), seed=seed)
        finally:
            asyncio.run(unlock(stack.owner_dsn))
    if not ROUNDS:
        ask(stack, tmp_path, role, seed=1)
        asyncio.run(unlock(stack.owner_dsn))


async def unlock(owner_dsn: str) -> None:
    """Let the authenticators that made-up codes have locked be used again: other scenarios need them."""
    connection = await asyncpg.connect(owner_dsn)
    await connection.execute("UPDATE two_factor_admin SET failures = 0, locked_until = NULL")
    await connection.execute("UPDATE two_factor_user SET failures = 0, locked_until = NULL")
    await connection.close()


def ask(stack: Stack, folder: Path, role: Role, *, seed: int) -> None:
    """Let a role ask everything that the documentation suggests, right and wrong."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    token = role.token_of(stack)
    # The first reader of the document waits until it is made, longer than the program would on a busy machine.
    assert httpx2.get(f"{stack.base_url}/openapi.json", timeout=60, trust_env=False).is_success
    finished = subprocess.run(
        [
            program,
            "--no-color",
            "run",
            f"{stack.base_url}/openapi.json",
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
            *("--include-path-regex", role.paths, "--exclude-path-regex", LEFT_OUT),
            *("--phases", role.phases, "--max-examples", str(role.examples), "--seed", str(seed)),
            *("--checks", ",".join(CHECKS), "--continue-on-failure", "--request-timeout", "20"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280 if not ROUNDS else 880,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
