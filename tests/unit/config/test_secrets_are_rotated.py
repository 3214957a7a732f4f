"""Whoever adds a secret says how it is rotated."""

from __future__ import annotations

import re

from kro.core.config.shape import secret_paths
from socket_crowd import ROOT


def test_every_secret_has_its_way_of_rotating_in_the_procedures() -> None:
    text = (ROOT / "docs" / "procedures.md").read_text()
    section = text.split("## Rotating secrets without downtime")[1].split("\n## ")[0]
    first_cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    told = {path for cell in first_cells for path in _paths(cell)}

    assert len(secret_paths()) > 50
    assert sorted(set(secret_paths()) - told) == []


def _paths(cell: str) -> list[str]:
    """Return full paths; a name without a group belongs to the group of the one before."""
    found: list[str] = []
    for name in re.findall(r"`([\w.]+)`", cell):
        group = found[-1].rpartition(".")[0] if found and "." not in name else ""
        found.append(f"{group}.{name}" if group else name)
    return found
