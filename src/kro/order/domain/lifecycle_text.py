"""The lifecycle as a page for people: the diagram and the table, made from the one table the program obeys."""

from __future__ import annotations

from typing import Final

from kro.order.database.words import OrderStatus
from kro.order.domain.lifecycle import LIFECYCLE, Transition

_HEAD: Final = """# Every transition of an order

Made by `make docs` from `src/kro/order/domain/lifecycle.py`; a test fails when the two differ. What the words mean, and
each row's guards, money and deadlines, are in [the contract](order-lifecycle.md).
"""
_TABLE: Final = """
| row | from | what | who | to | moves money | fresh proof above the threshold |
|---|---|---|---|---|---|---|"""


def lifecycle_page() -> str:
    """Return the page as Markdown."""
    return "\n".join((_HEAD, _diagram(), _TABLE, *(_row(row) for row in LIFECYCLE), ""))


def _diagram() -> str:
    arrows = {
        (source, target): dict.fromkeys(
            row.command for row in LIFECYCLE if source in row.sources and target in row.targets
        )
        for source in OrderStatus
        for target in OrderStatus
    }
    lines = [
        f"    {source} --> {target} : {', '.join(commands)}"
        for (source, target), commands in arrows.items()
        if commands
    ]
    ends = [f"    {status} --> [*]" for status in OrderStatus if status.is_ended]
    return "\n".join(
        ("```mermaid", "stateDiagram-v2", f"    [*] --> {OrderStatus.CREATED} : create", *lines, *ends, "```")
    )


def _row(row: Transition) -> str:
    sources = ", ".join(status for status in OrderStatus if status in row.sources)
    who = row.who.replace("_", " ")
    return (
        f"| {row.code} | {sources} | {row.command} | {who} | {' or '.join(row.targets) or 'stays'} "
        f"| {'yes' if row.moves_money else ''} | {'of the buyer' if row.needs_proof else ''} |"
    )
