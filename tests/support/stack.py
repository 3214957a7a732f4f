"""Where a running product is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kro.demo import AdminLogin


@dataclass(frozen=True, slots=True)
class Stack:
    """A running product: where it is, who may approve payouts, and how to look into its database as the owner."""

    base_url: str
    sandbox_url: str
    admin: AdminLogin
    owner_dsn: str
    folder: Path

    def log(self, name: str) -> str:
        """Return what a process has written so far: ``api``, ``worker`` or ``sandbox``."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")
