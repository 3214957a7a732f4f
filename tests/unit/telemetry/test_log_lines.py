from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from uuid import UUID

import pytest
import structlog

from kro.core.config import LogFormat, LoggingSettings, LogLevel
from kro.core.telemetry import configure_logging, get_logger

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    configure_logging(LoggingSettings(level=LogLevel.INFO, format=LogFormat.JSON), stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_fields(lines: Lines) -> None:
    get_logger().info("payout_submitted", payout_id=UUID(int=1), provider="paystack", attempt=2)

    (line,) = lines()
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "event": "payout_submitted",
        "level": "info",
        "payout_id": "00000000-0000-0000-0000-000000000001",
        "provider": "paystack",
        "attempt": 2,
    }


def test_unknown_fields_never_pass(lines: Lines) -> None:
    get_logger().info("login", password="canary", otp="canary", headers={"Authorization": "canary"})

    assert "canary" not in json.dumps(lines())
    assert lines()[0]["dropped_fields"] == 3


def test_allowed_fields_carry_no_objects(lines: Lines) -> None:
    get_logger().info("login", reference={"secret": "canary"}, code="x" * 1000)

    assert lines()[0]["reference"] == "dict"
    assert lines()[0]["code"] == "x" * 300


def test_personal_fields_are_masked(lines: Lines) -> None:
    get_logger().info("sent", phone="+2348031234567", email="ada@example.com", account_number="0123456789")

    assert lines()[0] | {"timestamp": ""} == {
        "event": "sent",
        "level": "info",
        "timestamp": "",
        "phone": "+234******4567",
        "email": "a***@e***",
        "account_number": "******6789",
    }


def test_an_exception_tells_its_types_and_place_but_not_its_text(lines: Lines) -> None:
    def fail() -> None:
        try:
            int("canary-1")
        except ValueError as error:
            raise RuntimeError("canary-2: phone=+2348031234567") from error

    try:
        fail()
    except RuntimeError:
        get_logger().exception("job_failed")

    (line,) = lines()
    assert line["error"] == ["RuntimeError", "ValueError"]
    assert str(line["stack"]).count("test_log_lines.py") == 2
    assert "canary" not in json.dumps(line)


def test_libraries_write_into_the_same_stream_scrubbed(lines: Lines) -> None:
    logging.getLogger("asyncpg").warning("could not reach postgresql://kro:s3cret@db/kro for ada@example.com")

    (line,) = lines()
    assert line["logger"] == "asyncpg"
    assert line["level"] == "warning"
    assert line["event"] == "could not reach postgresql://***@db/kro for a***@e***"


def test_the_servers_errors_are_routed_and_its_access_log_is_not(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.access").info("GET /v1/users/lookup?phone=canary")

    assert [line["event"] for line in lines()] == ["Started server process"]


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    configure_logging(LoggingSettings(level=LogLevel.WARNING, format=LogFormat.JSON), stream=stream)

    get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    get_logger().warning("loud")

    assert stream.getvalue().count("\n") == 1


def test_bound_context_reaches_every_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        get_logger().info("inside")
        logging.getLogger("library").warning("inside too")
    get_logger().info("outside")

    assert [line.get("request_id") for line in lines()] == ["req_1", "req_1", None]


def test_a_console_shows_a_developer_the_whole_exception(stream: io.StringIO) -> None:
    configure_logging(LoggingSettings(level=LogLevel.INFO, format=LogFormat.CONSOLE), stream=stream)

    try:
        int("what went wrong")
    except ValueError:
        get_logger().exception("job_failed", password="canary")

    assert "ValueError: invalid literal for int() with base 10: 'what went wrong'" in stream.getvalue()
    assert "canary" not in next(line for line in stream.getvalue().splitlines() if "job_failed" in line)
