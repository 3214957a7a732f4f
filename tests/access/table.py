"""What everybody got from every operation, as a table to read: one line each."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.access.calls import Operation
from tests.access.scene import ADMIN_ROLES

TABLE: Final = Path(__file__).parent / "matrix.txt"
HEAD: Final = """\
# Who gets what from every operation of the API. Made by test_matrix.py; KRO_RECORD=1 writes it anew, the difference
# is read like any other change. "closed" stands for what every guarded operation owes: 401 without a token, with an
# expired one and with one of the other kind (user or admin), 401 after the session was ended, 403 when suspended.
"""

USERS: Final = ("stranger", "buyer", "seller")
GONE: Final = {"revoked": "401 session_ended", "suspended": "403 account_not_active"}
NOBODY: Final = "401 invalid_token"
PRINCIPALS: Final = ("anonymous", "expired", *GONE, *USERS, *ADMIN_ROLES)

Results = Mapping[str, str]


def line(operation: Operation, guard: str, results: Results) -> str:
    """Return the row of an operation: who got what, those who got the same together."""
    method, path = operation
    rest = dict(results)
    parts = []
    if guard:
        others = ADMIN_ROLES if guard == "user" else USERS
        closed = {**dict.fromkeys(("anonymous", "expired", *others), NOBODY), **GONE}
        if all(results[who] == answer for who, answer in closed.items()):
            parts.append("closed")
            rest = {who: answer for who, answer in results.items() if who not in closed}
    told: dict[str, list[str]] = {}
    for who in PRINCIPALS:
        if who in rest:
            told.setdefault(rest[who], []).append(who)
    parts += [f"{_together(people, rest)} {answer}" for answer, people in sorted(told.items())]
    return f"{method:6} {path}: {'; '.join(parts)}"


def recorded() -> dict[str, str]:
    """Return the rows of the table by operation."""
    rows = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    return {key_of(row): row for row in rows if row and not row.startswith("#")}


def is_recording() -> bool:
    return bool(os.environ.get("KRO_RECORD")) and not os.environ.get("CI")


def record(rows: Iterable[str], *, known: set[str]) -> None:
    """Put rows into the table, and take out those of operations nobody knows any more."""
    with TABLE.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = {key: row for key, row in recorded().items() if key in known}
        kept |= {key_of(row): row for row in rows}
        text = "\n".join(kept[key] for key in sorted(kept, key=lambda key: key.split()[::-1]))
        file.truncate(0)
        file.write(f"{HEAD}\n{text}\n")


def key_of(row: str) -> str:
    return " ".join(row.partition(": ")[0].split())


def _together(people: list[str], everybody: Results) -> str:
    if set(people) == set(everybody) == set(PRINCIPALS):
        return "everybody"
    for several, name in ((USERS, "every user"), (ADMIN_ROLES, "every admin")):
        if set(several) <= set(people):
            people = [*(who for who in people if who not in several), name]
    return ", ".join(people)
