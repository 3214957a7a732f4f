"""The log lines that a test makes the product write."""

from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.testing import LogCapture


@contextmanager
def log_lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """Catch the lines of every level, whatever level a program that an earlier test started has set."""
    before, caught = structlog.get_config(), LogCapture()
    structlog.configure(processors=[caught], wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET))
    try:
        yield caught.entries
    finally:
        structlog.configure(**before)
