"""Requests nobody would write by hand, made from the API's own documentation, against the running product."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

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


def user_token(stack: Stack) -> str:
    body = {"phone": "+2348030000001", "password": "kro-local-only buyer"}
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("token_of", "paths"),
    [(user_token, "^/(health|v1/(?!admin))"), (admin_token, "^/v1/admin")],
    ids=["user", "admin"],
)
def test_every_answer_is_a_documented_one(
    stack: Stack, tmp_path: Path, token_of: Callable[[Stack], str], paths: str
) -> None:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    finished = subprocess.run(
        [
            program,
            "--no-color",
            "run",
            f"{stack.base_url}/openapi.json",
            *("--header", f"Authorization: Bearer {token_of(stack)}"),
            *("--include-path-regex", paths, "--exclude-path-regex", LEFT_OUT),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", "5"),
            *("--checks", ",".join(CHECKS), "--continue-on-failure", "--request-timeout", "20"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
