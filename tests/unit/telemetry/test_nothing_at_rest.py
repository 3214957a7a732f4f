"""Where nobody wants telemetry, nothing of what exports it is imported: asked of new processes."""

import subprocess
import sys
from typing import Final

import pytest

_ASK: Final = """
import sys
from kro.core.config import RedisSettings, load_settings
from kro.core.telemetry import start_telemetry
from kro.run.imports import lean_imports
settings = load_settings(environment="test", environ={{}})
settings = settings.model_copy(update={{"redis": RedisSettings(url="redis://127.0.0.1")}})
with lean_imports(settings):
    import {module}
assert start_telemetry(settings, role="api", version="0") is None
heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf", "prometheus_client")
print(*sorted(name for name in heavy if name in sys.modules))
import opentelemetry.sdk.trace
"""


@pytest.mark.parametrize("module", ["kro.main", "kro.worker"])
def test_no_exporter_is_imported_and_it_stays_at_hand(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(module=module)], capture_output=True, text=True, check=True, timeout=110
    )

    assert done.stdout.strip() == ""
