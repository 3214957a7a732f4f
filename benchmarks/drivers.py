"""Two ways to post the same journals for a while: as the product does, and by pgbench, which costs almost nothing."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.scenes import Scene
from kro.core.database.embedded import Cluster, Role, find_binaries
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode

_RATE: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED: Final = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)

# Ids are new each time and everything else is the very document that the product sends.
_SCRIPT: Final = """\
\\set number random(0, {last})
SELECT apply_decision(replace(replace(body, '{journal}', gen_random_uuid()::text),
                              '{release}', gen_random_uuid()::text)::jsonb)
FROM benchmark_documents WHERE scene = '{scene}' AND number = :number;
"""
_JOURNAL: Final = "00000000-0000-4000-8000-00000000000a"
_RELEASE: Final = "00000000-0000-4000-8000-00000000000b"


@dataclass(frozen=True, slots=True)
class PgBench:
    """The program, the database it sends to, and a folder for its scripts."""

    program: Path
    cluster: Cluster
    database: str
    folder: Path


async def product_rate(database: Database, scene: Scene, *, orders: int, connections: int, seconds: float) -> float:
    """Return journals per second by the product's own way: decide, encode, one statement."""
    posted, until, numbers = 0, time.perf_counter() + seconds, random.Random(connections)  # noqa: S311 - not a secret

    async def client() -> None:
        nonlocal posted
        while time.perf_counter() < until:
            await database.apply(encode(Decision(journals=(scene(numbers.randrange(orders)),))))
            posted += 1

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return posted / (time.perf_counter() - begun)


async def prepare(owner: Database, scenes: Iterable[Scene], *, orders: int) -> None:
    """Put every document pgbench will send into a table, with ids to be replaced."""
    await owner.execute(
        "CREATE TABLE benchmark_documents (scene text, number int, body text, PRIMARY KEY (scene, number))"
    )
    await owner.execute("GRANT SELECT ON benchmark_documents TO kro_app")
    for scene in scenes:
        bodies = [_document(scene, number) for number in range(orders)]
        await owner.execute(
            "INSERT INTO benchmark_documents"
            " SELECT $1, n - 1, body FROM unnest($2::text[]) WITH ORDINALITY AS b (body, n)",
            scene.__name__,
            bodies,
        )


def find_pgbench() -> Path | None:
    """Return the pgbench beside the server's own programs, else the one on the PATH, else nothing."""
    beside = find_binaries().folder / "pgbench"
    if beside.exists():
        return beside
    on_path = shutil.which("pgbench")
    return Path(on_path) if on_path else None


def pgbench_rate(pgbench: PgBench, scene: Scene, *, orders: int, connections: int, seconds: float) -> float:
    """Return journals per second of the same statements sent by pgbench.

    :raises RuntimeError: when any of them failed: a rate with failures in it says nothing.
    """
    script = pgbench.folder / f"{scene.__name__}.sql"
    script.write_text(_SCRIPT.format(last=orders - 1, scene=scene.__name__, journal=_JOURNAL, release=_RELEASE))
    command = [str(pgbench.program), "--no-vacuum", f"--file={script}", "--protocol=prepared"]
    command += [
        f"--client={connections}",
        f"--jobs={min(2, connections)}",
        f"--time={max(1, round(seconds))}",
        pgbench.database,
    ]
    cluster = pgbench.cluster
    where = {"PGHOST": cluster.host, "PGPORT": str(cluster.port), "PGUSER": Role.APP.value}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program with our arguments
        command,
        env={**os.environ, **where, "PGPASSWORD": cluster.passwords[Role.APP]},
        capture_output=True,
        text=True,
        check=False,
    )
    rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode or rate is None or (failed is not None and int(failed[1])):
        raise RuntimeError(done.stderr or done.stdout)
    return float(rate[1])


def _document(scene: Scene, number: int) -> str:
    journal = scene(number)
    return (
        encode(Decision(journals=(journal,)))
        .replace(str(journal.id), _JOURNAL)
        .replace(str(journal.source_id), _RELEASE)
    )
