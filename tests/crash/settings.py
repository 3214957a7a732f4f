"""What one run is made of, and the configuration its processes get."""

from __future__ import annotations

import base64
import json
import os
import random
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PASSWORD: Final = "a password of the crash run"
_TIERS: Final = 4
_PLENTY: Final = 1_000_000_000_000
_LONG_MINUTES: Final = 600


class Control(StrEnum):
    """What a run does wrong on purpose, so that the judge must turn red."""

    UNKEYED = "unkeyed"
    """Clients retry under a new idempotency key."""
    FORGETFUL = "forgetful"
    """The database acknowledges commits before they are on disk."""
    ERASED = "erased"
    """The superuser removes one acknowledged journal."""
    DOUBLED = "doubled"
    """The superuser books one acknowledged journal again."""
    ASYNCHRONOUS = "asynchronous"
    """The primary acknowledges commits before its replica has them, and is lost."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much, and from which seed; ``judge_every`` counts cycles."""

    cycles: int
    seed: int
    folder: Path
    users: int = 8
    admins: int = 16
    judge_every: int = 20
    longest_calm_seconds: float = 1.5
    restart_seconds: float = 60.0
    control: Control | None = None
    replica: bool = False
    """The database is a primary that is lost, with a synchronous replica that takes its place."""


def phone(number: int) -> str:
    """Return a number whose last four digits mean nothing to the sandbox."""
    return f"+23480310{number:03d}55"


def admin_email(number: int) -> str:
    return f"admin{number}@kro.example"


def admin_secret(number: int) -> str:
    """Return the authenticator's secret of an admin: always the same one, of 160 bits."""
    return base64.b32encode(random.Random(number).randbytes(20)).decode()  # noqa: S311 - a test's, not a secret


def write_configuration(plan: Plan) -> Path:
    """Write the folder that stands for a mounted configuration: many people, high limits, short waits."""
    folder = plan.folder / "config"
    folder.mkdir()
    tier = {"orderMaxMinor": _PLENTY, "payoutMaxMinor": _PLENTY, "payoutDayMaxMinor": _PLENTY}
    tree: dict[str, Any] = {
        "database": {"embedded": True, "folder": str(plan.folder / "postgres")},
        "storage": {"folder": str(plan.folder / "storage")},
        # Who logs in once stays logged in for the whole run.
        "jwt": {"user": {"accessMinutes": _LONG_MINUTES}, "admin": {"accessMinutes": _LONG_MINUTES}},
        "kyc": {"tiers": [{"tier": n, "balanceMaxMinor": _PLENTY, **tier} for n in range(_TIERS)]},
        "payouts": {"maxPerHour": 100_000, "maxPerDay": 100_000, "pollSeconds": [1, 2, 3, 5, 8, 13, 21, 34, 55]},
        "refunds": {"pollSeconds": [1, 2, 3, 5, 8, 13, 21, 34, 55], "retrySeconds": [1, 2]},
        "worker": {"leaseSeconds": 8},
        # A few people get what thousands get in a day.
        "messaging": {
            "caps": {
                f"{scope}Minor": _PLENTY for scope in ("number", "range", "account", "country", "provider", "total")
            }
        },
        "logging": {"level": "info"},
        "demo": {
            "users": [
                {
                    "phone": phone(n),
                    "email": f"user{n}@kro.example",
                    "firstName": "Crash",
                    "lastName": f"Tester{n}",
                    "password": PASSWORD,
                }
                for n in range(plan.users)
            ],
            "admins": [
                {
                    "email": admin_email(n),
                    "name": f"Admin {n}",
                    "role": "super",
                    "password": PASSWORD,
                    "totpSecret": admin_secret(n),
                }
                for n in range(plan.admins)
            ],
        },
    }
    (folder / "test.json").write_text(json.dumps(tree, indent=1))
    return folder


def environment(configuration: Path, *, api: int, sandbox: int) -> dict[str, str]:
    """Return the environment of every process of the run; nothing of the caller's settings leaks in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KRO_", "NODE_"))}
    vendors = f"http://127.0.0.1:{sandbox}"
    return kept | {
        "KRO_ENV": "test",
        "KRO_CONFIG_DIR": str(configuration),
        "KRO_API_PORT": str(api),
        "KRO_PUBLIC_BASE_URL": f"http://127.0.0.1:{api}",
        "KRO_SANDBOX_PORT": str(sandbox),
        "KRO_PAYSTACK_BASE_URL": f"{vendors}/paystack",
        "KRO_TERMII_BASE_URL": f"{vendors}/termii",
        "KRO_TWILIO_BASE_URL": f"{vendors}/twilio",
        "KRO_TELNYX_BASE_URL": f"{vendors}/telnyx",
        "KRO_WHATSAPP_BASE_URL": f"{vendors}/whatsapp",
        "KRO_SENDGRID_BASE_URL": f"{vendors}/sendgrid",
    }
