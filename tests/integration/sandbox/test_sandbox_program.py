"""The sandbox as a program of its own: starting, failing to start, ending with its parent."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from kro_sandbox.control.script import VENDORS
from kro_sandbox.settings import SandboxSettings

PROGRAM = [sys.executable, "-m", "kro_sandbox"]


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[str]:
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Sandbox ready on http://127.0.0.1:"), process.stderr.read()
        yield line.rsplit(" ", 1)[1].strip()
    finally:
        process.terminate()
        noise = process.communicate(timeout=10)
    assert noise == ("", "")
    # Cleaned up, then died of the signal as shells expect.
    assert process.returncode == -signal.SIGTERM


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_serves_and_stops_without_a_word() -> None:
    with running("--port", "0") as url:
        assert httpx2.get(f"{url}/_sim/health", trust_env=False).json() == {"status": "ok"}


def test_an_interrupt_from_the_keyboard_leaves_no_traceback() -> None:
    process = subprocess.Popen([*PROGRAM, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(signal.SIGINT)

    try:
        assert process.communicate(timeout=10) == ("", "")
    finally:
        process.kill()


def test_takes_its_options_from_the_environment() -> None:
    with running(
        KRO_SANDBOX_PORT="0", KRO_SANDBOX_WEBHOOK_TARGET="http://127.0.0.1:9", KRO_SANDBOX_TERMII_WEBHOOKS="true"
    ) as url:
        options = httpx2.get(f"{url}/_sim/options", trust_env=False).json()

    assert (options["webhook_target"], options["termii_webhooks"]) == ("http://127.0.0.1:9", True)


def test_the_wallet_holds_what_was_put_in_at_the_start() -> None:
    with running("--port", "0", "--termii-wallet", "2500000.5") as url:
        query = {"api_key": SandboxSettings().termii_key}
        wallet = httpx2.get(f"{url}/termii/api/get-balance", params=query, trust_env=False).json()

    assert wallet["balance"] == 2_500_000.5


def test_hanging_up_on_purpose_is_not_reported_as_an_error() -> None:
    with running("--port", "0") as url, httpx2.Client(base_url=url, trust_env=False) as client:
        client.post("/_sim/faults", json={"vendor": "paystack", "operation": "banks", "kind": "truncated"})
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/paystack/bank")


WRITES = {
    "paystack": "/paystack/transfer",
    "fincra": "/fincra/disbursements/payouts",
    "providus": "/providus/postingrest/NIPFundTransfer",
    "termii": "/termii/api/sms/send",
    "twilio": "/twilio/2010-04-01/Accounts/AC1/Messages.json",
    "telnyx": "/telnyx/v2/messages",
    "whatsapp": "/whatsapp/v23.0/1/messages",
    "dojah": "/dojah/api/v1/kyc/bvn/full",
    "sendgrid": "/sendgrid/v3/mail/send",
    "s3": "/s3/bucket/key",
    "recaptcha": "/google/recaptcha/api/siteverify",
}


def hang_up_after(url: str, said: str, *, when: Callable[[], bool] = lambda: True) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as straggler:
        straggler.sendall(said.encode())
        while not when():
            pass


def test_a_caller_that_hung_up_before_it_was_read_uses_up_no_fault_and_is_no_error() -> None:
    assert WRITES.keys() == VENDORS.keys()
    with running("--port", "0") as url, httpx2.Client(base_url=url, trust_env=False) as client:
        for vendor, path in WRITES.items():
            client.post("/_sim/faults", json={"vendor": vendor, "operation": "*", "kind": "http_error"})
            method = {"dojah": "GET", "s3": "PUT"}.get(vendor, "POST")
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
            hang_up_after(url, head)
            hang_up_after(url, f'{head}{{"half":')
        client.get("/_sim/health")
        used = {fault["vendor"]: fault["used"] for fault in client.get("/_sim/faults").json()["faults"]}

    assert used == dict.fromkeys(WRITES, 0)


def test_a_caller_that_did_not_wait_for_a_late_answer_uses_up_nothing_later() -> None:
    with running("--port", "0") as url, httpx2.Client(base_url=url, trust_env=False) as client:

        def script(vendor: str, operation: str, kind: str, **more: int) -> None:
            fault = {"vendor": vendor, "operation": operation, "kind": kind, **more}
            client.post("/_sim/faults", json=fault).raise_for_status()

        def used() -> list[int]:
            return [fault["used"] for fault in client.get("/_sim/faults").json()["faults"]]

        script("providus", "transfer", "late", milliseconds=300)
        head = f"POST {WRITES['providus']} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
        hang_up_after(url, f"{head}{{}}", when=lambda: used() == [1])

        script("providus", "transfer", "empty")
        # Who waits as long, from later on, is answered after the other would have been.
        script("paystack", "balance", "late", milliseconds=300)
        client.get("/paystack/balance")

        assert used() == [1, 0, 1]


def test_callers_that_are_kept_waiting_do_not_keep_it_alive() -> None:
    with running("--port", "0") as url, httpx2.Client(base_url=url, trust_env=False) as client:
        client.post("/_sim/faults", json={"vendor": "paystack", "operation": "banks", "kind": "timeout"})
        port = int(url.rsplit(":", 1)[1])
        waiting = socket.create_connection(("127.0.0.1", port))
        waiting.sendall(b"GET /paystack/bank HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while client.get("/_sim/faults").json()["faults"][0]["used"] == 0:
            pass

        began = time.monotonic()

    assert time.monotonic() - began < 5
    waiting.close()


def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = subprocess.run([*PROGRAM, "--port", str(port)], capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 1
    assert ended.stderr == f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_ends_when_its_parent_is_killed() -> None:
    starter = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen({[*PROGRAM, '--port', '0', '--exit-with-parent']!r})\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert select.select([parent.stdout], [], [], 30)[0]
    port = int(parent.stdout.readline().rsplit(":", 1)[1])
    assert is_listening(port)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    deadline = time.monotonic() + 30
    while is_listening(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_listening(port)
    parent.stdout.close()


def test_does_not_start_when_its_parent_is_already_gone() -> None:
    ended = subprocess.run(
        [*PROGRAM, "--port", "0", "--exit-with-parent", "1"], capture_output=True, text=True, timeout=30, check=False
    )

    assert (ended.returncode, ended.stderr) == (1, "The process that started the sandbox is gone.\n")


def test_knows_nothing_of_the_product() -> None:
    check = (
        "import sys, kro_sandbox.__main__\n"
        "sys.exit(any(name == 'kro' or name.startswith('kro.') for name in sys.modules))"
    )

    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
