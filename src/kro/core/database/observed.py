"""The pool where somebody wants to know of its statements: a span for each, inside of a span that is exported."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from opentelemetry.trace import SpanKind

from kro.core.database.pool import Database
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import POOL_WAIT
from kro.core.telemetry.tracing import fail

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

_VERB: Final = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b", re.IGNORECASE)
_TABLE: Final = re.compile(
    r"\b(?:FROM|INSERT INTO|UPDATE|DELETE FROM|JOIN)\s+([a-z_][a-z_0-9]*)\b(?!\s*\()|\bSELECT\s+([a-z_0-9]+)\(",
    re.IGNORECASE,
)
_UNNAMED: Final = frozenset({"unnest", "select", "lateral", "generate_series"})

T = TypeVar("T")


@lru_cache(maxsize=1024)
def summary(sql: str) -> str:
    """Return what a statement does and to which table or function: ``INSERT orders``, ``SELECT apply_decision``."""
    verbs = [found[1].split()[0].upper() for found in _VERB.finditer(sql)]
    # What changes something is told before what is only looked up for it.
    verb = next((one for one in verbs if one != "SELECT"), verbs[0] if verbs else "OTHER")
    names = (found[1] or found[2] for found in _TABLE.finditer(sql))
    table = next((name.lower() for name in names if name.lower() not in _UNNAMED), "")
    return f"{verb} {table}".strip()


@contextmanager
def _span(sql: str) -> Iterator[None]:
    name = summary(sql)
    attributes = {"db.system.name": "postgresql", "db.query.summary": name}
    with hooks.tracer().start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            fail(span, type(error).__name__)
            raise


async def _told(sql: str, running: Awaitable[T]) -> T:
    with _span(sql):
        return await running


class ObservedDatabase(Database):
    """A :class:`Database` that tells of its statements, by name and never by text or arguments, and of its waits."""

    def row(self, sql: str, *args: object) -> Coroutine[Any, Any, asyncpg.Record | None]:
        running = super().row(sql, *args)
        return _told(sql, running) if hooks.is_sampled() else running

    def rows(self, sql: str, *args: object) -> Coroutine[Any, Any, Sequence[asyncpg.Record]]:
        running = super().rows(sql, *args)
        return _told(sql, running) if hooks.is_sampled() else running

    def value(self, sql: str, *args: object) -> Coroutine[Any, Any, Any]:
        running = super().value(sql, *args)
        return _told(sql, running) if hooks.is_sampled() else running

    def execute(self, sql: str, *args: object) -> Coroutine[Any, Any, int]:
        running = super().execute(sql, *args)
        return _told(sql, running) if hooks.is_sampled() else running

    def apply(self, document: str) -> Coroutine[Any, Any, None]:
        running = super().apply(document)
        return _told("SELECT apply_decision()", running) if hooks.is_sampled() else running

    async def _wait(self) -> PoolConnectionProxy[asyncpg.Record]:
        began, outcome = time.perf_counter(), "refused"
        try:
            connection = await super()._wait()
            outcome = "served"
        finally:
            hooks.observe(POOL_WAIT, time.perf_counter() - began, outcome=outcome)
        return connection
