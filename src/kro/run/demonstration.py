"""`kro demo`: the journey, played against what `kro run` started."""

from __future__ import annotations

from rich.console import Console

from kro.core.config import load_settings
from kro.demo import AdminLogin, run_demo
from kro.run.addresses import api_url, sandbox_url
from kro.run.errors import StartError


def demonstrate(console: Console, *, api: str | None = None, sandbox: str | None = None) -> int:
    """Play the demo journey and return its exit code.

    :param api: where the API is, if not where `kro run` has it; `sandbox` then says where its stand-ins are.
    :raises StartError: this environment has no demo people or no sandbox.
    """
    settings = load_settings()
    if not settings.demo.admins or not (settings.sandbox.enabled or sandbox):
        raise StartError(f"The {settings.app.env} environment has no demo admins and sandbox to play with.")
    admin = settings.demo.admins[0]
    login = AdminLogin(
        email=admin.email,
        password=admin.password.get_secret_value(),
        totp_secret=admin.totp_secret.get_secret_value(),
    )
    return run_demo(
        base_url=api or api_url(settings), sandbox_url=sandbox or sandbox_url(settings), admin=login, console=console
    )
