"""How a provider is reached."""

from __future__ import annotations

from dataclasses import dataclass

from kro.core.outgoing.urls import is_callable_url


@dataclass(frozen=True, slots=True)
class OutgoingSettings:
    """How one provider is reached. ``deadline_seconds`` bounds a whole call with its repeats, whatever trickles in.

    ``keeps_exchanges`` has bodies recorded for support: never of messages, whose texts hold codes.
    """

    provider: str
    base_url: str
    connect_seconds: float = 3
    read_seconds: float = 15
    pool_seconds: float = 2
    deadline_seconds: float = 25
    max_connections: int = 20
    max_body_bytes: int = 1_000_000
    keeps_exchanges: bool = False

    def __post_init__(self) -> None:
        if not is_callable_url(self.base_url):
            raise ValueError(f"The base URL of {self.provider} must be https; plain http is for neighbours only.")
