"""What an installation is watched with asks for metrics that there are, and its alarms go off when they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from kro.core.telemetry.catalogue import CATALOGUE, Kind

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
RULES: Final = DEPLOY / "prometheus" / "alerts.yml"
TESTS: Final = DEPLOY / "prometheus" / "alerts.test.yml"
PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (apt install prometheus)")


def series() -> set[str]:
    """Return every series that can be scraped, as the catalogue names them."""
    found: set[str] = set()
    for metric in CATALOGUE:
        ends = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        found |= {metric.prometheus_name + end for end in ends}
    return found


def panels() -> list[dict[str, Any]]:
    return list(json.loads((DEPLOY / "grafana" / "kro.json").read_text())["panels"])


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


ASKED: Final = {
    "alarms": [rule["expr"] for rule in rules()],
    "dashboard": [target["expr"] for panel in panels() for target in panel["targets"]],
    "tests of alarms": [TESTS.read_text()],
}


@pytest.mark.parametrize("who", ASKED)
def test_every_metric_asked_for_is_in_the_catalogue(who: str) -> None:
    names = {name for expression in ASKED[who] for name in re.findall(r"\bkro_\w+", expression)}

    assert names
    assert names - series() == set()


@pytest.mark.parametrize("who", ["alarms", "dashboard"])
def test_every_label_asked_for_is_one_of_its_metric(who: str) -> None:
    labels = {metric.prometheus_name: {*metric.labels, "instance", "le"} for metric in CATALOGUE}
    unknown = []
    for expression in ASKED[who]:
        known = set().union(*(labels[name] for name in labels if name in expression))
        asked = {word for group in re.findall(r"by \(([^)]*)\)", expression) for word in re.split(r",\s*", group)}
        asked |= set(re.findall(r"(\w+)\s*(?:=~|!=|=)\s*\"", expression))
        unknown += [(expression, word) for word in asked - known - {"job"}]

    assert unknown == []


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(ASKED["dashboard"])

    assert [metric.name for metric in CATALOGUE if metric.prometheus_name not in shown] == []


@needs_promtool
@pytest.mark.parametrize("command", [("check", "rules", RULES), ("test", "rules", TESTS)], ids=["check", "test"])
def test_the_alarms_go_off_when_they_should(command: tuple[Any, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *map(str, command)], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    assert PROMTOOL is not None
    records = [{"record": f"panel:{place}", "expr": expr} for place, expr in enumerate(ASKED["dashboard"])]
    written = tmp_path / "panels.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": records}]}))
    done = subprocess.run(
        [PROMTOOL, "check", "rules", str(written)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
