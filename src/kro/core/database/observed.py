"""The pool where somebody wants to know of its statements: a span for each, inside of a span that is exported."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
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
_NOTHING: Final[AbstractContextManager[None]] = nullcontext()


@lru_cache(maxsize=1024)
def summary(sql: str) -> str:
    """Return what a statement does and to which table or function: ``INSERT orders``, ``SELECT apply_decision``."""
    verbs = [found[1].split()[0].upper() for found in _VERB.finditer(sql)]
    # What changes something is told before what is only looked up for it.
    verb = next((one for one in verbs if one != "SELECT"), verbs[0] if verbs else "OTHER")
    names = (found[1] or found[2] for found in _TABLE.finditer(sql))
    table = next((name.lower() for name in names if name.lower() not in _UNNAMED), "")
    return f"{verb} {table}".strip()


def _statement(sql: str) -> AbstractContextManager[None]:
    return _span(sql) if trace.get_current_span().get_span_context().trace_flags.sampled else _NOTHING


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


class ObservedDatabase(Database):
    """A :class:`Database` that tells of its statements, by name and never by text or arguments, and of its waits."""

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        with _statement(sql):
            return await super().row(sql, *args)

    async def rows(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        with _statement(sql):
            return await super().rows(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the column decides the type
        with _statement(sql):
            return await super().value(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        with _statement(sql):
            return await super().execute(sql, *args)

    async def apply(self, document: str) -> None:
        with _statement("SELECT apply_decision()"):
            await super().apply(document)

    async def _acquire(self) -> PoolConnectionProxy[asyncpg.Record]:
        if self._pool.get_idle_size():
            return await super()._acquire()
        began, outcome = time.perf_counter(), "refused"
        try:
            connection = await super()._acquire()
            outcome = "served"
        finally:
            hooks.observe(POOL_WAIT, time.perf_counter() - began, outcome=outcome)
        return connection
