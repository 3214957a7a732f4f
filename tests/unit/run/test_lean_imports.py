"""What the API and the worker do without: asked of new processes, since this one has imported it all."""

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
"""


@pytest.mark.parametrize(("url", "expected"), [(None, ""), ("redis://127.0.0.1", "redis valkey")])
def test_only_what_is_used_is_imported_and_the_rest_stays_at_hand(url: str | None, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(url=url)], capture_output=True, text=True, check=True, timeout=110
    )

    assert done.stdout.strip() == expected
