"""The door of the transfer API: user name and password travel in each body, which is therefore never logged."""

from __future__ import annotations

from dataclasses import dataclass, field

from kro.core.outgoing import Exchange, JSONValue, OutgoingHTTP


@dataclass(frozen=True, slots=True)
class TransferAPI:
    http: OutgoingHTTP
    user_name: str
    password: str = field(repr=False)

    async def post(
        self,
        operation: str,
        path: str,
        body: dict[str, JSONValue],
        *,
        repeatable: bool = False,
        read_seconds: float | None = None,
    ) -> Exchange:
        """Make one call as ourselves; ``repeatable`` is for reads."""
        return await self.http.call(
            operation=operation,
            method="POST",
            path=path,
            body={**body, "userName": self.user_name, "password": self.password},
            repeatable=repeatable,
            read_seconds=read_seconds,
        )
