from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer to the client: status and JSON bytes, ready to be sent or stored."""

    status: int
    body: bytes
    content_type: str = "application/json"
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """A client's wish that a request takes effect once: its idempotency key and what the request was.

    ``fingerprint`` is a keyed hash (hex) of the canonical body and the path; ``route`` is method and route template.
    """

    principal_id: UUID
    key: str
    route: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The row of ``idempotency_keys``: written with the effects it answers for."""

    principal_id: UUID
    key: str
    route: str
    fingerprint: str
    status: int
    body: str
    content_type: str

    @classmethod
    def of(cls, once: Once, reply: Reply) -> StoredAnswer:
        return cls(
            principal_id=once.principal_id,
            key=once.key,
            route=once.route,
            fingerprint=once.fingerprint,
            status=reply.status,
            body=reply.body.decode(),
            content_type=reply.content_type,
        )
