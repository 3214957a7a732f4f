"""The project's nginx files in the real nginx, in front of servers that tell what reached them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from echo import PROBLEM, Echo, ask, echoing
from fleet import WIDE_LIMITS, needs_nginx, nginx
from socket_crowd import ROOT, free_port

pytestmark = needs_nginx
BALANCER, STRANGER, CLIENT = "127.0.0.9", "127.0.0.5", "198.51.100.7"


@pytest.fixture(scope="module")
def api() -> Iterator[int]:
    with echoing() as port:
        yield port


@pytest.fixture(scope="module")
def front(api: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("front")
    with nginx(folder, upstreams=(api, api), limits=WIDE_LIMITS, trusted=f"set_real_ip_from {BALANCER};\n") as url:
        yield url


class TestWhoAsks:
    def test_an_address_is_believed_from_a_trusted_balancer(self, front: str) -> None:
        found = ask(front, "/v1/me", source=BALANCER, headers={"X-Forwarded-For": f"203.0.113.1, {CLIENT}"}).json()

        assert found["headers"]["x-forwarded-for"] == CLIENT

    def test_a_stranger_chooses_no_address(self, front: str) -> None:
        found = ask(front, "/v1/me", source=STRANGER, headers={"X-Forwarded-For": CLIENT}).json()

        assert found["headers"]["x-forwarded-for"] == STRANGER

    def test_the_host_is_passed_on(self, front: str) -> None:
        found = ask(front, "/v1/me", headers={"Host": "api.kro.example"}).json()

        assert found["headers"]["host"] == "api.kro.example"


class TestRequestIds:
    def test_a_good_one_is_passed_on_and_the_answers_own_comes_back(self, front: str) -> None:
        answer = ask(front, "/v1/me", headers={"X-Request-ID": "from-a-client_1"})

        assert answer.json()["headers"]["x-request-id"] == "from-a-client_1"
        assert answer.headers.get_list("x-request-id") == ["req_of_the_api"]

    @pytest.mark.parametrize("claimed", [{}, {"X-Request-ID": "a b"}, {"X-Request-ID": "x" * 65}])
    def test_else_there_is_a_new_one(self, front: str, claimed: dict[str, str]) -> None:
        found = ask(front, "/v1/me", headers=claimed).json()["headers"]["x-request-id"]

        assert len(found) == 32
        assert int(found, 16)


class TestLimits:
    @pytest.mark.parametrize(
        ("path", "most"),
        [
            ("/v1/orders", 2**20),
            ("/v1/webhooks/paystack", 2**18),
            ("/v1/files/some-key", 25 * 2**20),
            ("/v1/admin/reconciliation/imports", 32 * 2**20),
        ],
    )
    def test_a_body_of_the_largest_size_passes_and_a_larger_one_is_a_problem(
        self, front: str, path: str, most: int
    ) -> None:
        assert ask(front, path, method="POST", content=bytes(most)).json()["size"] == most

        refused = ask(front, path, method="POST", content=bytes(most + 1), headers={"X-Request-ID": "mine"})

        assert (refused.status_code, refused.headers["content-type"]) == (413, PROBLEM)
        assert (refused.json()["code"], refused.json()["request_id"]) == ("body_too_large", "mine")
        assert refused.headers["x-request-id"] == "mine"

    def test_what_comes_too_fast_from_one_address_is_a_problem_and_webhooks_pass(
        self, api: int, tmp_path: Path
    ) -> None:
        few = WIDE_LIMITS.replace("kro_network:1m rate=100000r/s", "kro_network:1m rate=1r/m")
        few += "limit_req_status 429;\nlimit_conn_status 429;\n"
        with nginx(tmp_path, upstreams=(api, api), limits=few) as url:
            answers = [ask(url, "/v1/me", source=STRANGER) for _ in range(210)]
            others = ask(url, "/v1/me", source=BALANCER)
            webhook = ask(url, "/v1/webhooks/paystack", method="POST", source=STRANGER)

        refused = answers[-1]
        assert [answer.status_code for answer in answers[:201]] == [200] * 201
        assert (refused.status_code, refused.headers["content-type"]) == (429, PROBLEM)
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("rate_limited", "1")
        assert (others.status_code, webhook.status_code) == (200, 200)

    def test_the_limits_that_are_delivered_answer_429_too(self) -> None:
        delivered = (ROOT / "nginx" / "limits.conf").read_text()

        assert "limit_req_status 429;" in delivered
        assert "limit_conn_status 429;" in delivered


class TestWhoAnswers:
    def test_one_that_is_down_is_never_noticed(self, api: int, tmp_path: Path) -> None:
        with nginx(tmp_path, upstreams=(free_port(), api), limits=WIDE_LIMITS) as url:
            answers = [ask(url, "/v1/orders", method="POST", content=b"{}") for _ in range(20)]

        assert {answer.status_code for answer in answers} == {200}

    def test_a_command_whose_outcome_is_unknown_is_not_sent_twice(self, api: int, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            heard: list[bytes] = []

            def drop() -> None:
                while True:
                    try:
                        connection, _ = silent.accept()
                    except OSError:
                        return
                    with connection:
                        heard.append(connection.recv(65_536).partition(b" HTTP/")[0])

            listening = threading.Thread(target=drop)
            listening.start()
            with nginx(tmp_path, upstreams=(silent.getsockname()[1],) * 2, limits=WIDE_LIMITS) as url:
                answer = ask(url, "/v1/orders", method="POST", content=b"{}", headers={"Idempotency-Key": "k"})
            silent.shutdown(socket.SHUT_RDWR)
            listening.join()

        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert (answer.json()["code"], answer.headers["retry-after"]) == ("overloaded", "1")
        assert heard.count(b"POST /v1/orders") == 1

    @pytest.mark.parametrize("status", [413, 429, 500, 503])
    def test_an_error_of_the_api_passes_untouched(self, front: str, status: int) -> None:
        answer = ask(front, f"/v1/status/{status}", method="POST", content=b"{}")

        assert answer.status_code == status
        assert answer.json()["size"] == 2
        assert answer.headers["x-request-id"] == "req_of_the_api"

    def test_the_log_shows_no_secret_of_an_address(self, front: str, tmp_path_factory: pytest.TempPathFactory) -> None:
        ask(front, "/v1/files/some-key?signature=a-secret")
        ask(front, "/v1/public/invites/a-secret-token", headers={"X-Request-ID": "to-be-found"})

        log = tmp_path_factory.getbasetemp() / "front0" / "nginx.log"
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        assert "a-secret" not in log.read_text()
        [found] = [line for line in lines if line["request_id"] == "to-be-found"]
        assert (found["area"], found["status"], found["method"]) == ("/v1/public", 200, "GET")


def test_a_handshake_for_a_socket_is_upgraded_and_tried_elsewhere_when_one_is_about_to_end(
    api: int, tmp_path: Path
) -> None:
    class Leaving(Echo):
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            self.path = "/status/503"
            super().do_GET()

    leaving = ThreadingHTTPServer(("127.0.0.1", 0), Leaving)
    threading.Thread(target=leaving.serve_forever).start()
    wanted = {"Connection": "Upgrade", "Upgrade": "websocket"}
    with nginx(tmp_path, upstreams=(leaving.server_address[1], api), limits=WIDE_LIMITS) as url:
        for path in ("/socket.io/?EIO=4&transport=websocket", "/v1/admin/socket.io/?EIO=4"):
            answers = [ask(url, path, headers=wanted) for _ in range(6)]
            assert {answer.status_code for answer in answers} == {200}
            assert {answer.json()["headers"]["upgrade"] for answer in answers} == {"websocket"}
            assert {answer.json()["headers"]["connection"] for answer in answers} == {"upgrade"}
    leaving.shutdown()
    leaving.server_close()
