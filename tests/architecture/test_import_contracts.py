"""The import contracts hold, match what they name, and are broken by what they forbid."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.api import read_configuration

EXPRESSIONS = ("source_modules", "forbidden_modules", "protected_modules", "allowed_importers", "ancestors")
PURE_DOMAIN = re.compile(r"decide_\w+|changes|chart|errors|events|fees|lifecycle\w*|postings\w*|rules")
PURE_DATABASE = re.compile(r"records|words")


def lint(source: Path, config: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", "--config", config, *chosen],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a copy of the sources that may be broken."""
    target = tmp_path_factory.mktemp("broken") / "src"
    shutil.copytree(root / "src", target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


class TestContracts:
    def test_all_hold(self, root: Path) -> None:
        result = lint(root / "src", root / ".importlinter")

        assert result.returncode == 0, result.stdout + result.stderr

    def test_every_expression_matches_something(self, root: Path, graph: grimp.ImportGraph) -> None:
        missing = [
            f"{contract['name']}: {expression}"
            for contract in read_configuration(str(root / ".importlinter"))["contracts_options"]
            for field in EXPRESSIONS
            for expression in _as_list(contract.get(field, []))
            if not graph.find_matching_modules(expression)
        ]

        assert missing == []

    def test_every_rule_is_listed_as_pure(self, root: Path) -> None:
        contracts = read_configuration(str(root / ".importlinter"))["contracts_options"]
        (pure,) = [contract["source_modules"] for contract in contracts if contract["id"] == "pure"]
        source = root / "src"

        rules = {
            ".".join(path.relative_to(source).with_suffix("").parts)
            for folder, names in (("domain", PURE_DOMAIN), ("database", PURE_DATABASE))
            for path in (source / "kro").glob(f"*/{folder}/*.py")
            if names.fullmatch(path.stem)
        }

        assert rules
        assert rules - set(pure) == set()


class TestEachContractBites:
    """Add one forbidden import to a copy of the sources: the contract that is about it must break."""

    @pytest.mark.parametrize(
        ("contract", "file", "line"),
        [
            ("layers", "kro/core/ids.py", "import kro.order.domain"),
            ("layers", "kro/payment/domain/__init__.py", "import kro.order.domain"),
            ("layers", "kro/verification/domain/__init__.py", "import kro.kro_balance.domain"),
            ("inside", "kro/order/domain/__init__.py", "import kro.order.controller"),
            ("inside", "kro/order/database/__init__.py", "import kro.order.domain"),
            ("inside", "kro/payment/providers/__init__.py", "import kro.payment.domain"),
            ("door_order", "kro/management/domain/__init__.py", "import kro.order.database"),
            ("door_order", "kro/worker.py", "import kro.order.domain.lifecycle"),
            ("door_payment", "kro/management/domain/__init__.py", "import kro.payment.providers"),
            ("tables", "kro/models.py", "import kro.order.controller"),
            ("acyclic", "kro/core/decisions/errors.py", "import kro.core.database.pool"),
            ("sandbox", "kro/worker.py", "import kro_sandbox"),
            ("product", "kro_sandbox/__init__.py", "import kro.core.money"),
            ("pure", "kro/core/money.py", "import sqlalchemy"),
            ("pure", "kro/order/domain/lifecycle.py", "import kro.order.database.orders"),
        ],
    )
    def test_when_broken(self, root: Path, copy: Path, contract: str, file: str, line: str) -> None:
        victim = copy / file
        healthy = victim.read_text()
        victim.write_text(f"{healthy}\n{line}\n")
        try:
            result = lint(copy, root / ".importlinter", contract)
        finally:
            victim.write_text(healthy)

        assert result.returncode == 1
        assert "BROKEN" in result.stdout, result.stdout + result.stderr


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
