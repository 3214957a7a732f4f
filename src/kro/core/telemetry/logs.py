"""One stream of structured lines: ours through structlog, everybody else's through the standard library."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO, cast

import orjson
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from kro.core.config import LogFormat, LoggingSettings
from kro.core.telemetry import hooks
from kro.core.telemetry.fields import keep_allowed
from kro.core.telemetry.masking import scrub

_QUIET: Final = ("uvicorn.access", "httpx2", "httpcore2")
"""Loggers that write addresses with their queries; the access line of our own has the route instead."""
_ADOPTED: Final = ("uvicorn", "uvicorn.error")
_DEEPEST: Final = 30


def get_logger() -> FilteringBoundLogger:
    """Return a logger: a constant snake_case event, facts as fields (``log.info("payout_sent", payout_id=…)``)."""
    return cast("FilteringBoundLogger", structlog.get_logger())


def configure_logging(settings: LoggingSettings, *, stream: TextIO | None = None) -> None:
    """Send every log line of the process to one stream (standard output): JSON, or text for a person's console."""
    target = stream or sys.stdout
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    chain = _chain(settings.format)
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = _StandardHandler(structlog.wrap_logger(structlog.PrintLogger(target), processors=chain))
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for name in _ADOPTED:
        adopted = logging.getLogger(name)
        adopted.handlers.clear()
        adopted.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _chain(form: LogFormat) -> list[Processor]:
    """Build the way of a line. Only a developer's console shows the texts of exceptions."""
    head: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_trace,
    ]
    if form is LogFormat.CONSOLE:
        console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        return [*head, keep_allowed, _send_on, console]
    return [*head, _describe_exception, keep_allowed, _send_on, structlog.processors.JSONRenderer(serializer=_to_json)]


def _name_trace(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor form
    if (trace_id := hooks.trace_id()) is not None:
        line["trace_id"] = trace_id
    return line


def _send_on(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor form
    if (send := hooks.line_sink()) is not None:
        send(line)
    return line


def _to_json(line: Any, **_: Any) -> str:  # noqa: ANN401 - structlog's serializer form
    return orjson.dumps(line).decode()


def _describe_exception(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor form
    """Tell where an exception came from and of which types it is, but not its text: that may quote a customer."""
    given = line.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line["error"] = [type(link).__name__ for link in _causes(error)]
        line["stack"] = _frames(error.__traceback__)
    return line


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_DEEPEST:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class _StandardHandler(logging.Handler):
    """Brings the lines of libraries into the same stream; their texts are scrubbed, they know no fields."""

    def __init__(self, logger: Any) -> None:  # noqa: ANN401 - structlog's bound logger
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        write = getattr(self._logger, record.levelname.lower(), self._logger.error)
        write(scrub(record.getMessage()), logger=record.name, exc_info=record.exc_info)
