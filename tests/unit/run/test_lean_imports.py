"""What the API and the worker do without: asked of new processes, since this one has imported it all."""

import os
import subprocess
import sys
from typing import Final

import pytest

_ASK: Final = """
import sys
from types import SimpleNamespace
from kro.run.imports import lean_imports
with lean_imports(SimpleNamespace(redis=SimpleNamespace(url={url!r}))):
    import kro.main
print(*sorted(name for name in ("aiohttp", "requests", "rich", "redis", "valkey") if name in sys.modules))
import redis.asyncio, aiohttp
from pydantic import BaseModel
from fastapi.openapi.models import Contact
print(Contact.__pydantic_complete__, Contact(name="ours").name, Contact.__pydantic_complete__)
class Later(BaseModel):
    pass
print(Later.__pydantic_complete__)
"""
_START: Final = """
import sys
import kro.run.application
print(*sorted(name for name in ("fastapi", "structlog") if name in sys.modules))
from kro.core.config import load_settings
from kro.run.imports import lean_imports, light_definitions
settings = load_settings(environment="test")
with lean_imports(settings):
    import kro.run.serve
    from kro.main import LeanStart, build, create_api
create_api(build(settings), lean=LeanStart(importing=light_definitions, describe=None))
late = "attr cryptography.x509 httpcore2 httpx2 limits maxminddb passlib phonenumbers pyotp qrcode rich"
late += " kro.management.controller.admin"
print(*(name for name in late.split() if name in sys.modules))
"""
NOWHERE: Final = {"KRO_DATABASE_EMBEDDED": "false", "KRO_DATABASE_URL": "postgresql://127.0.0.1:1/none"} | {
    f"KRO_DATABASE_{role}_{word}": role.lower() for role in ("OWNER", "APP") for word in ("USERNAME", "PASSWORD")
}


def said(source: str, environ: dict[str, str] | None = None) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", source], env=environ, capture_output=True, text=True, check=True, timeout=110
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(("url", "expected"), [(None, ""), ("redis://127.0.0.1", "redis valkey")])
def test_only_what_is_used_is_imported_or_built_and_the_rest_stays_at_hand(url: str | None, expected: str) -> None:
    imported, model, of_later = said(_ASK.format(url=url))

    assert imported == expected
    assert model == "False ours True"
    assert of_later == "True"


def test_an_api_starts_without_what_only_its_parent_a_terminal_an_admin_or_a_call_to_a_provider_needs() -> None:
    assert said(_START, {**os.environ, **NOWHERE}) == ["", ""]
