"""SQL fragments and readers for what rides in every load query: the actor's standing and the stored answer.

Every load query of a user's command takes ``$1`` user id, ``$2`` session id and, for commands, ``$3`` idempotency key
first, selects these fragments beside its own columns, and so spends no round trip of its own on authorization.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from kro.core.actor import Actor, SessionEndedError, Standing
from kro.core.decisions import StoredAnswer

_USER: Final = """
(SELECT json_build_object('live', s.id IS NOT NULL, 'status', u.status, 'kyc_tier', u.kyc_tier,
                          'frozen', u.frozen_at IS NOT NULL)
 FROM users AS u LEFT JOIN sessions AS s
   ON s.id = $2::uuid AND s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > now()
 WHERE u.id = $1::uuid)"""
USER_STANDING: Final = f"{_USER} AS standing"

ADMIN_STANDING: Final = """
(SELECT json_build_object('live', s.id IS NOT NULL, 'status', a.status, 'permissions', r.permissions)
 FROM admins AS a JOIN user_roles AS r ON r.code = a.role_code LEFT JOIN sessions AS s
   ON s.id = $2::uuid AND s.admin_id = a.id AND s.revoked_at IS NULL AND s.expires_at > now()
 WHERE a.id = $1::uuid) AS standing"""

STORED_ANSWER: Final = """
(SELECT row_to_json(k) FROM (
    SELECT principal_id, key, route, fingerprint, status, body, content_type FROM idempotency_keys
    WHERE principal_id = $1::uuid AND key = $3::text AND expires_at > now()) AS k) AS answer"""


def standing_in_first_row(order: str) -> str:
    """Return :data:`USER_STANDING` for a list in this order: to read it in each of its rows would take longest."""
    return f"CASE WHEN row_number() OVER (ORDER BY {order}) = 1 THEN {_USER} END AS standing"


class Columns(Protocol):
    """A row of any driver: columns by name."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - the column decides the type
        ...


def read_standing(row: Columns) -> Standing:
    """Return the standing a load query brought.

    :raises SessionEndedError: when the actor of the token does not exist any more.
    """
    found = row["standing"]
    if found is None:
        raise SessionEndedError
    return Standing(
        session_live=found["live"],
        status=found["status"],
        kyc_tier=found.get("kyc_tier", 0),
        is_frozen=found.get("frozen", False),
        permissions=frozenset(found.get("permissions", ())),
    )


def ensure_may_read(row: Columns, actor: Actor) -> None:
    """Refuse an actor who is not active, but for an admin who looks at what the actor sees: only for reads.

    Whoever makes an actor with ``viewed_by`` has checked the admin and left a trace.

    :raises SessionEndedError: when the session is over or the user gone.
    :raises AccountNotActiveError: when the account is not active.
    """
    standing = read_standing(row)
    if actor.viewed_by is None:
        standing.ensure_active()


def read_answer(row: Columns) -> StoredAnswer | None:
    """Return the answer already given under the idempotency key, if there is one."""
    found = row["answer"]
    return StoredAnswer(**found) if found is not None else None
