"""What a newcomer sees when everything is up."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from kro.core.config import Settings


def welcome(console: Console, settings: Settings, *, seconds: float, logs: Path) -> None:
    """Print the addresses, the demo credentials and what to try first."""
    api = settings.app.public_base_url
    addresses = [("API documentation", f"{api}/docs"), ("API", f"{api}/v1")]
    if settings.sandbox.enabled:
        sandbox = f"http://127.0.0.1:{settings.sandbox.port}"
        addresses += [
            ("Inbox: every SMS and e-mail", f"{sandbox}/inbox"),
            ("Sandbox: checkout, faults, books", sandbox),
        ]
    addresses.append(("Logs", str(logs)))
    console.print(f"\n[bold green]KRO is ready[/] after {seconds:.1f} s.\n")
    console.print(_table(addresses))


def _table(rows: list[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    for name, value in rows:
        table.add_row(name, value)
    return table
