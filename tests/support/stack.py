"""Where a running product is."""

from __future__ import annotations

from dataclasses import dataclass

from kro.demo import AdminLogin


@dataclass(frozen=True, slots=True)
class Stack:
    """A running product: where it is, who may approve payouts, and how to look into its database as the owner."""

    base_url: str
    sandbox_url: str
    admin: AdminLogin
    owner_dsn: str
