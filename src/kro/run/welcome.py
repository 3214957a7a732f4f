"""What a newcomer sees when everything is up."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from kro.core.config import Settings
from kro.run.addresses import api_url, sandbox_url


def welcome(console: Console, settings: Settings, *, seconds: float, logs: Path) -> None:
    """Print the addresses, the demo credentials and what to try first."""
    console.print(f"\n[bold green]KRO is ready[/] after {seconds:.1f} s. Ctrl-C stops it.")
    _show(console, "Where", _addresses(settings, logs))
    _show(console, "Demo users (phone, password)", _users(settings))
    _show(console, "Demo admins (e-mail, password, TOTP secret)", _admins(settings))
    _show(
        console,
        "Try first",
        [
            ("make demo", "in another terminal: plays a whole escrow and shows every balance"),
            ("API documentation", "log in there as the buyer, and watch the inbox"),
        ],
    )


def _show(console: Console, title: str, rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    console.print(f"\n[bold]{title}[/]")
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        # What is copied from the terminal must not be cut or wrapped.
        console.print(f"  {line.rstrip()}", soft_wrap=True, highlight=False, markup=False)


def _addresses(settings: Settings, logs: Path) -> list[tuple[str, ...]]:
    api = api_url(settings)
    rows: list[tuple[str, ...]] = [("API documentation", f"{api}/docs"), ("API", f"{api}/v1")]
    if settings.sandbox.enabled:
        sandbox = sandbox_url(settings)
        rows += [
            ("Inbox: every SMS and e-mail", f"{sandbox}/inbox"),
            ("Sandbox: checkout, faults, books", f"{sandbox}/"),
        ]
    return [*rows, ("Logs", f"{logs}/")]


def _users(settings: Settings) -> list[tuple[str, ...]]:
    return [
        (f"{user.first_name} {user.last_name}", user.phone, user.password.get_secret_value())
        for user in settings.demo.users
    ]


def _admins(settings: Settings) -> list[tuple[str, ...]]:
    return [
        (admin.email, admin.password.get_secret_value(), admin.totp_secret.get_secret_value())
        for admin in settings.demo.admins
    ]
