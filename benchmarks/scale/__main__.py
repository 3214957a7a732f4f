"""``make bench-scale ORDERS=1000000 FOLDER=…`` fills two databases, unless the folder has them, and measures both."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.scale.filling import SMALL, make
from benchmarks.scale.measuring import Plan, measure
from benchmarks.scale.report import report
from benchmarks.scale.scenes import SCENES
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.migrate import migrate

RESULTS: Final = Path(__file__).parents[1] / "results" / "scale.md"
_SERVER: Final = {"shared_buffers": "2GB", "max_wal_size": "4GB"}


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000, help="of the large database, 7.6 kB of disk each")
    parser.add_argument("--small", type=int, default=10_000, help="of the small one")
    parser.add_argument("--folder", type=Path, help="where the server's data stay")
    parser.add_argument("--only-fill", action="store_true")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="only these")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    given = parser.parse_args()
    plan = Plan(given.seconds, given.rounds, given.connections, tuple(given.scene or SCENES))
    begun = time.monotonic()

    def told(text: str) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201 - for whoever waits

    with tempfile.TemporaryDirectory(prefix="kro-scale-") as name:
        folder = given.folder or Path(name)
        filled = make(folder, small=given.small, large=given.orders, told=told)
        told(f"{filled.small:,} and {filled.large:,} orders, filled in {filled.seconds:.0f} s")
        if given.only_fill:
            return
        with EmbeddedPostgres(folder, settings=_SERVER) as cluster:
            for database in (SMALL, DATABASE):
                migrate(cluster.dsn(Role.OWNER, database))
            result = asyncio.run(measure(cluster, folder, filled, plan, told))
    page = report(result, filled, plan)
    given.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
