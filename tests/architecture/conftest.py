from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> tuple[Path, ...]:
    """Every Python file of the product, its stand-ins, the migrations and the tests."""
    return tuple(path for folder in ("src", "migrations", "tests") for path in sorted((ROOT / folder).rglob("*.py")))


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("kro", "kro_sandbox", include_external_packages=True, cache_dir=None)
