"""The domain reads no clock, makes no id, rolls no dice and never sleeps: all of it is injected."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

MODULES: Final = frozenset({"random", "secrets", "time", "uuid_utils", "uuid_utils.compat"})
NAMES: Final = frozenset({"uuid.uuid1", "uuid.uuid4", "asyncio.sleep", "os.urandom"})
PRESENT: Final = frozenset({"now", "utcnow", "today"})


def offences(tree: ast.Module) -> Iterator[str]:
    """Name every import or call by which code would reach for time, chance or sleep."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                found = (f"{module}.{alias.name}" for alias in names)
                yield from (name for name in found if module in MODULES or name in NAMES)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if f"{owner}.{attribute}" in NAMES:
                yield f"{owner}.{attribute}"
            case ast.Attribute(value=ast.Name(id="datetime" | "date" as owner), attr=attribute) if attribute in PRESENT:
                yield f"{owner}.{attribute}"
            case ast.Attribute(value=ast.Attribute(attr="datetime" | "date" as owner), attr=attribute) if (
                attribute in PRESENT
            ):
                yield f"{owner}.{attribute}"


def test_no_domain_file_reaches_for_time_or_chance(sources: tuple[Path, ...], root: Path) -> None:
    domain = [path for path in sources if path.is_relative_to(root / "src" / "kro") and "domain" in path.parts]

    found = [f"{path}: {offence}" for path in domain for offence in offences(ast.parse(path.read_text()))]

    assert len(domain) > 10
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime, UTC\nat = datetime.now(UTC)",
        "import datetime\nat = datetime.datetime.utcnow()",
        "from datetime import date\nday = date.today()",
        "from uuid import uuid4",
        "import uuid\nkey = uuid.uuid4()",
        "import uuid_utils.compat",
        "import random",
        "from random import uniform",
        "import time",
        "from time import sleep",
        "import asyncio\nawait asyncio.sleep(1)",
        "from asyncio import sleep",
        "import secrets",
    ],
)
def test_it_is_noticed(code: str) -> None:
    assert list(offences(ast.parse(code)))


@pytest.mark.parametrize("code", ["now = self._clock.now()", "from uuid import UUID", "from datetime import datetime"])
def test_the_injected_way_passes(code: str) -> None:
    assert list(offences(ast.parse(code))) == []
