"""The page about who may call what: the guards that routes declare and the roles that the database is seeded with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

from kro.core.auth.permissions import ROLES, Permission
from kro.core.guards.admins import AdminGuard
from kro.core.guards.public import public
from kro.core.guards.users import UserGuard
from kro.core.http.routes import operations
from kro.main import ROUTERS, admins_routes

_HEAD: Final = """\
# Who may call what

Made by `make docs` from the guards that the routes declare and the roles in `src/kro/core/auth/permissions.py`; a test
fails when it is not. One of several permissions is enough. `super` has all of them and is not repeated below.
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """An operation and its guards; exactly one is right."""

    method: str
    path: str
    guards: tuple[str, ...]
    permissions: frozenset[Permission] = frozenset()


def guarded_operations(app: FastAPI | None = None) -> Sequence[Guarded]:
    """Return every operation under ``/v1`` with the guards it declares."""
    if app is None:
        app = FastAPI(openapi_url=None)
        for router in (*ROUTERS, admins_routes()):
            app.include_router(router, prefix="/v1")
    found = [_guarded(method, path, calls) for method, path, calls in operations(app)]
    return sorted(found, key=lambda one: (one.path, one.method))


def permissions_page() -> str:
    """Return the page as Markdown."""
    found = guarded_operations()
    roles = [role for role in ROLES if role.audience == "admin"]
    held = {permission: [r.code for r in roles if permission in r.permissions] for permission in Permission}
    return "\n".join(
        [
            _HEAD,
            "## Permissions and the roles that have them\n",
            *_table(("Permission", "Roles"), ((f"`{p}`", _roles(held[p])) for p in sorted(Permission))),
            "\n## Admin routes\n",
            *_table(
                ("", "Route", "Permission", "Roles"),
                (
                    (
                        one.method,
                        f"`{one.path}`",
                        ", ".join(f"`{p}`" for p in sorted(one.permissions)) or "any admin",
                        _roles({role for p in one.permissions for role in held[p]}, anybody=not one.permissions),
                    )
                    for one in found
                    if one.guards == ("admin",)
                ),
            ),
            "\n## Routes without a token\n",
            *_table(("", "Route"), ((one.method, f"`{one.path}`") for one in found if one.guards == ("public",))),
            "",
            "All other routes are for users, each for what is theirs.",
            "",
        ]
    )


def _guarded(method: str, path: str, calls: Iterable[Callable[..., Any]]) -> Guarded:
    guards, permissions = [], set[Permission]()
    for call in calls:
        if isinstance(call, AdminGuard):
            guards.append("admin")
            permissions |= call.permissions
        elif isinstance(call, UserGuard):
            guards.append("user")
        elif call is public:
            guards.append("public")
    return Guarded(method, path, tuple(sorted(set(guards))), frozenset(permissions))


def _roles(codes: Iterable[str], *, anybody: bool = False) -> str:
    if anybody:
        return "every role"
    return ", ".join(role.code for role in ROLES if role.code in set(codes) and role.code != "super") or "super alone"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
