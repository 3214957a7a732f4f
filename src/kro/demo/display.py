"""The journey on a terminal: each step, the order's timeline and what everybody owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from kro.core.money import Money
from kro.demo.client import JSON
from kro.demo.expectations import CURRENCY, Balance

_COLUMNS: Final = ("available", "in_escrow", "in_transit")


class Display:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0
        self._told = 0

    def step(self, title: str) -> None:
        """Announce what happens next."""
        self._steps += 1
        self._console.print(f"\n[bold cyan]{self._steps:>2}. {title}[/]")

    def note(self, text: str) -> None:
        """Tell a fact worth seeing, such as a message that arrived."""
        self._console.print(f"    {text}", highlight=False, markup=False)

    def timeline(self, events: Sequence[JSON]) -> None:
        """Print the events that were not told before."""
        for event in events[self._told :]:
            self._console.print(
                f"    [green]event {event['seq']:>2}[/] {event['type']} [dim]by {event['actor']['kind']}[/]"
            )
        self._told = max(self._told, len(events))

    def balances(self, balances: Mapping[str, Balance]) -> None:
        """Print every party's figures, checked already."""
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        table.add_column("")
        for column in _COLUMNS:
            table.add_column(column.replace("_", " "), justify="right")
        for party, balance in balances.items():
            table.add_row(f"    {party}", *(naira(getattr(balance, column)) for column in _COLUMNS))
        self._console.print(table)

    def passed(self) -> None:
        self._console.print("\n[bold green]Every figure is right to the kobo, and the books reconcile.[/]")

    def failed(self, reason: str) -> None:
        self._console.print(f"\n[bold red]The journey failed:[/] {reason}", highlight=False)


def naira(kobo: int) -> str:
    """Return an amount for people: ``₦1,500.00``."""
    whole, _, fraction = Money(kobo, CURRENCY).to_major().partition(".")
    return f"₦{int(whole):,}.{fraction}"
