"""The floor: pgbench calling one PL/pgSQL function a request, which runs the very statements the product sends.

Everything that is new in each operation (ids, keys, hashes) was drawn beforehand: the floor spends nothing on it.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
import orjson

from benchmarks.drivers import PgBench
from benchmarks.requests.recording import APPLY, Statement
from kro.core.database.embedded import Role
from kro.core.ids import SystemIdSource

Life = Sequence[Sequence[Statement]]
"""The statements of each request of one operation."""

_TABLE: Final = """
CREATE TABLE benchmark_requests (
    scene text, life int, step int, args text[], document text, PRIMARY KEY (scene, life, step))"""
_DRAWN: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32,}\b|(?<=/)\d{4}-\d\d-\d\d/\d+")
"""Ids, hashes, and the place a payout has on its day."""
_WRITES: Final = re.compile(r"\b(?:INSERT INTO|UPDATE \w+ SET|UPDATE \w+ AS|DELETE FROM)\b")
_PARAMETER: Final = re.compile(r"\$(\d+)")
_ids: Final = SystemIdSource()
_RATE: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED: Final = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
_FUNCTION: Final = """
CREATE FUNCTION {name}(benchmark_scene text, benchmark_life int) RETURNS text LANGUAGE plpgsql AS $benchmark$
#variable_conflict use_column
DECLARE
    benchmark_row benchmark_requests%ROWTYPE;
    benchmark_record record;
    benchmark_answer text;
BEGIN
    SELECT * INTO STRICT benchmark_row FROM benchmark_requests
    WHERE scene = benchmark_scene AND life = benchmark_life AND step = {step};
{body}
    RETURN benchmark_answer;
END $benchmark$"""


@dataclass(slots=True)
class Floor:
    """A scenario as functions of the database."""

    pgbench: PgBench
    owner: asyncpg.Connection[asyncpg.Record]
    scene: str
    lives: Sequence[tuple[Life, Life]]
    """Of each pair, the same operation twice: what differs between the two was drawn for it."""
    used: int = 0

    @property
    def trips(self) -> int:
        return sum(len(statements) for statements in self.lives[0][0])

    async def lay(self) -> None:
        """Make one function for each request of the operation."""
        for step, statements in enumerate(self.lives[0][0]):
            body = "\n".join([await self._line(s, _offset(statements, at)) for at, s in enumerate(statements)])
            await self.owner.execute(_FUNCTION.format(name=self._name(step), step=step, body=body))

    async def rate(self, *, operations: int, connections: int) -> float:
        """Return operations a second.

        :raises RuntimeError: when any of them failed.
        """
        each = max(1, operations // connections)
        start, self.used = self.used, self.used + each * connections
        await self._draw(range(start, self.used))
        return await asyncio.to_thread(self._run, start, each, connections)

    def _name(self, step: int) -> str:
        return f"benchmark_{self.scene.replace(' ', '_')}_{step}"

    async def _line(self, statement: Statement, offset: int) -> str:
        if statement.sql == APPLY:
            return "    PERFORM apply_decision(benchmark_row.document::jsonb);"
        prepared = await self.owner.prepare(statement.sql)
        types = [kind.name for kind in prepared.get_parameters()]

        def given(found: re.Match[str]) -> str:
            number = int(found[1])
            return f"(benchmark_row.args[{offset + number}]::{types[number - 1]})"

        sql = _PARAMETER.sub(given, statement.sql)
        if _WRITES.search(sql) is None:
            return f"    SELECT json_agg(benchmark_one)::text INTO benchmark_answer FROM ({sql}) AS benchmark_one;"  # noqa: S608 - the product's own statement
        # A statement that writes may stand in no other; what it returns is needed by nobody here.
        return f"    FOR benchmark_record IN {sql} LOOP NULL; END LOOP;" if prepared.get_attributes() else f"    {sql};"

    async def _draw(self, lives: Iterable[int]) -> None:
        rows = []
        for number in lives:
            first, second = self.lives[number % len(self.lives)]
            rows += _renewed(self.scene, number, first, second)
        await self.owner.copy_records_to_table("benchmark_requests", records=rows)
        await self.owner.execute("ANALYZE benchmark_requests")

    def _run(self, start: int, each: int, connections: int) -> float:
        script = self.pgbench.folder / f"{self.scene}.sql"
        calls = [f"SELECT {self._name(step)}('{self.scene}', :life);\n" for step in range(len(self.lives[0][0]))]
        script.write_text(f"\\set n :n + 1\n\\set life {start} + :client_id + :n * {connections}\n" + "".join(calls))
        cluster = self.pgbench.cluster
        where = {"PGHOST": cluster.host, "PGPORT": str(cluster.port), "PGUSER": Role.APP.value}
        # A run is short, and each of its connections would plan every statement five times over before it settles.
        where["PGOPTIONS"] = "-c plan_cache_mode=force_generic_plan"
        command = [str(self.pgbench.program), "--no-vacuum", f"--file={script}", "--protocol=prepared", "-D", "n=-1"]
        command += [f"--client={connections}", "--jobs=1", f"--transactions={each}", self.pgbench.database]
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program with our arguments
            command,
            env={**os.environ, **where, "PGPASSWORD": cluster.passwords[Role.APP]},
            capture_output=True,
            text=True,
            check=False,
        )
        rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
        if done.returncode or rate is None or (failed is not None and int(failed[1])):
            raise RuntimeError(done.stderr[-3000:] or done.stdout)
        return float(rate[1])


async def prepare(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """Make the table of what pgbench will send."""
    await owner.execute(_TABLE)
    await owner.execute("GRANT SELECT ON benchmark_requests TO kro_app")


def _offset(statements: Sequence[Statement], at: int) -> int:
    return sum(len(s.args) for s in statements[:at] if s.sql != APPLY)


def _renewed(scene: str, number: int, first: Life, second: Life) -> list[tuple[object, ...]]:
    """Return an operation's rows with everything drawn anew that was drawn for the first and not for the second."""
    kept = {found for request in second for statement in request for found in _drawn(statement)}
    fresh: dict[str, str] = {}

    def renew(found: re.Match[str]) -> str:
        text = found[0]
        if text in kept:
            return text
        if text not in fresh:
            fresh[text] = str(_ids.new()) if "-" in text else secrets.token_hex(len(text))[: len(text)]
        return fresh[text]

    rows: list[tuple[object, ...]] = []
    for step, statements in enumerate(first):
        args = [_text(arg) for s in statements if s.sql != APPLY for arg in s.args]
        document = next((str(s.args[0]) for s in statements if s.sql == APPLY), None)
        rows.append(
            (
                scene,
                number,
                step,
                [arg if arg is None else _DRAWN.sub(renew, arg) for arg in args],
                document if document is None else _DRAWN.sub(renew, document),
            )
        )
    return rows


def _drawn(statement: Statement) -> list[str]:
    return [found for arg in statement.args for found in _DRAWN.findall(_text(arg) or "")]


def _text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bytes():
            return f"\\x{value.hex()}"
        case dict():
            return orjson.dumps(value).decode()
        case list() | tuple():
            return "{" + ",".join(_element(_text(one)) for one in value) + "}"
        case _:
            return str(value)


def _element(text: str | None) -> str:
    """Return one element of an array as PostgreSQL reads it (its manual, 8.15.6)."""
    if text is None:
        return "NULL"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
