"""Kill API, worker and database again and again under load; show that no acknowledged operation was lost or doubled.

``python -m tests.crash --cycles 20``; with ``--control`` something is wrong on purpose, and the run fails unless the
judge sees it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from tests.crash.controls import is_seen
from tests.crash.run import Run
from tests.crash.settings import Control, Plan

_SEEDS = 1_000_000


def main() -> int:
    plan = _plan()
    console = Console(width=140)
    console.print(
        f"{plan.cycles} cycles, seed {plan.seed} (--seed {plan.seed} draws the same victims and moments)",
        highlight=False,
    )
    began = time.monotonic()
    found = asyncio.run(Run(plan, console).play())
    console.print(f"took {time.monotonic() - began:.0f} s", highlight=False)
    for sentence in found:
        console.print(f"  {sentence}", highlight=False, markup=False, soft_wrap=True)
    if plan.control is not None:
        seen = is_seen(plan.control, found)
        console.print(f"The judge {'saw it' if seen else 'did NOT see it'}: {plan.control}.", highlight=False)
        _remove(plan.folder)
        return 0 if seen else 1
    if found:
        (plan.folder / "verdict.txt").write_text("\n".join([f"seed {plan.seed}", *found]))
        console.print(f"FAILED. Everything is kept in {plan.folder}", soft_wrap=True)
        return 1
    console.print("0 acknowledged operations lost, 0 doubled", highlight=False)
    _remove(plan.folder)
    return 0


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=int(os.environ.get("CYCLES") or 20))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or secrets.randbelow(_SEEDS)))
    parser.add_argument("--control", type=Control, choices=list(Control), help="do something wrong on purpose")
    parser.add_argument("--replica", action="store_true", help="lose the primary of two servers, as often")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kro-crash-"))
    # The account that runs the database has to reach its folder.
    folder.chmod(0o755)
    replica = chosen.replica or chosen.control is Control.ASYNCHRONOUS
    return Plan(cycles=chosen.cycles, seed=chosen.seed, folder=folder, control=chosen.control, replica=replica)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
