"""The sandbox as the vendors' side: one process for the run, wiped before each test."""

import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

_READY = "Sandbox ready on "


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[str]:
    # Transfers wait to be told how they end; webhooks go to the discard port and are read from the log instead.
    command = [
        *(sys.executable, "-m", "kro_sandbox", "--port", "0", "--exit-with-parent"),
        *("--webhook-target", "http://127.0.0.1:9", "--transfer-delay", "3600"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(_READY), f"the sandbox did not start: {line!r}"
            yield line.removeprefix(_READY).strip()
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture
def sandbox_url(_sandbox_process: str) -> str:
    """Return the address of a sandbox that remembers nothing."""
    httpx2.post(f"{_sandbox_process}/_sim/reset").raise_for_status()
    return _sandbox_process
