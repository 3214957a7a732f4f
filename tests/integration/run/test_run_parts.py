from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kro.run.children import Child, Health, stop_all, wait_until_ready
from kro.run.errors import ChildStoppedError, PortTakenError, StartError
from kro.run.ports import require_free_port

# Starts a grandchild that ends with it, and waits to be killed.
MIDDLE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), flush=True)
time.sleep(600)
"""
GRANDCHILD = """
import os, time
from kro.run.lifetime import end_with_parent
end_with_parent()
print(os.getpid(), flush=True)
time.sleep(600)
"""


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class TestPorts:
    def test_a_free_one_passes_and_stays_free(self, free_port: int) -> None:
        require_free_port("127.0.0.1", free_port, variable="KRO_API_PORT")
        require_free_port("127.0.0.1", free_port, variable="KRO_API_PORT")

    def test_a_taken_one_is_told_with_its_holder_and_the_way_out(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            with pytest.raises(PortTakenError) as refused:
                require_free_port("127.0.0.1", port, variable="KRO_API_PORT")

        assert refused.value.detail.startswith(f"Port {port} on 127.0.0.1 is already taken by process {os.getpid()} (")
        assert refused.value.detail.endswith("choose another with KRO_API_PORT.")

    def test_an_address_of_another_machine_is_told_as_such(self) -> None:
        with pytest.raises(StartError, match=r"192\.0\.2\.1:3000 cannot be listened on"):
            require_free_port("192.0.2.1", 3000, variable="KRO_API_PORT")


class TestChildren:
    @pytest.fixture
    def sandbox(self, free_port: int, tmp_path: Path) -> Iterator[Child]:
        child = Child(
            name="sandbox",
            arguments=("kro_sandbox", "--port", str(free_port)),
            log=tmp_path / "logs" / "sandbox.log",
            health=Health("127.0.0.1", free_port, "/_sim/health"),
        )
        yield child
        stop_all([child])

    def test_one_that_answers_is_ready_and_ends_when_asked(self, sandbox: Child) -> None:
        sandbox.start()
        wait_until_ready([sandbox], is_stopping=lambda: False)
        assert sandbox.process is not None
        assert sandbox.process.poll() is None

        stop_all([sandbox])

        assert sandbox.process.poll() is not None
        assert sandbox.health is not None
        assert not sandbox.health.is_good()

    def test_one_that_ends_by_itself_is_told_with_its_last_words(self, sandbox: Child) -> None:
        assert sandbox.health is not None
        with socket.create_server(("127.0.0.1", sandbox.health.port)):
            sandbox.start()

            with pytest.raises(ChildStoppedError, match="sandbox stopped with exit code 1") as stopped:
                wait_until_ready([sandbox], is_stopping=lambda: False)

        assert "cannot listen" in stopped.value.detail
        assert str(sandbox.log) in stopped.value.detail

    def test_one_that_ignores_the_request_is_killed(self, tmp_path: Path) -> None:
        stubborn = Child(name="stubborn", arguments=(), log=tmp_path / "log")
        deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)"
        stubborn.process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
        assert stubborn.process.stdout is not None
        stubborn.process.stdout.readline()

        stop_all([stubborn], patience_seconds=0.2)

        assert stubborn.process.wait() == -signal.SIGKILL
        stubborn.process.stdout.close()

    def test_the_previous_log_is_kept_beside_the_new_one(self, sandbox: Child) -> None:
        sandbox.log.parent.mkdir()
        sandbox.log.write_text("before")

        sandbox.start()

        assert Path(f"{sandbox.log}.1").read_text() == "before"


def test_a_process_ends_with_its_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", MIDDLE, GRANDCHILD], stdout=subprocess.PIPE, text=True) as middle:
        assert middle.stdout is not None
        grandchild = Path("/proc") / middle.stdout.readline().strip()
        assert grandchild.name.isdigit()

        middle.kill()

        assert within(30, lambda: not grandchild.exists() or "Z" in (grandchild / "stat").read_text().split(")")[1][:3])


def test_a_process_of_the_api_that_was_only_starting_ends_with_it_too(tmp_path: Path) -> None:
    # The child is held up before it has looked at anything, as by a slow disk, and its parent dies meanwhile.
    starter = (
        "import multiprocessing, sys, time\n"
        "from kro.run.application import application\n"
        "def held_up(seconds):\n    time.sleep(seconds)\n"
        "    try:\n        application()\n    finally:\n        time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    child = multiprocessing.get_context('spawn').Process(target=held_up, args=(1.5,))\n"
        "    child.start()\n    print(child.pid, flush=True)\n    time.sleep(60)\n"
    )
    script = tmp_path / "starter.py"
    script.write_text(starter)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path("/proc") / parent.stdout.readline().strip()
        parent.kill()

    assert child.name.isdigit()
    assert within(30, lambda: not child.exists() or "Z" in (child / "stat").read_text().split(")")[1][:3])


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    orphan = "from kro.run.lifetime import end_with_parent; end_with_parent(parent=1); print('lives on')"

    done = subprocess.run([sys.executable, "-c", orphan], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
