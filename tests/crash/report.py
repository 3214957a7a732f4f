"""The figures of a run."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from tests.crash.book import Book
from tests.crash.victims import Victim
from tests.crash.wire import Counts


@dataclass(slots=True)
class Figures:
    seconds: dict[Victim, list[float]] = field(default_factory=dict)
    judgements: int = 0

    def died(self, victim: Victim, *, back_after: float) -> None:
        self.seconds.setdefault(victim, []).append(back_after)

    @property
    def kills(self) -> int:
        return sum(map(len, self.seconds.values()))


def show(console: Console, figures: Figures, book: Book, counts: Counts) -> None:
    """Print who was killed and how fast they came back, what was done meanwhile, and what that took."""
    table = Table("killed", "times", "back after, median", "longest", title=f"{figures.kills} kills")
    everything = [second for seconds in figures.seconds.values() for second in seconds]
    for victim, seconds in [*sorted(figures.seconds.items()), *([("all", everything)] if everything else [])]:
        table.add_row(str(victim), str(len(seconds)), f"{statistics.median(seconds):.2f} s", f"{max(seconds):.2f} s")
    console.print(table)
    done = Counter(operation.path.split("/")[1] for operation in book.operations if operation.acknowledged)
    refused = Counter(
        operation.code for operation in book.operations if operation.status and not operation.acknowledged
    )
    paid = sum(top_up.paid for top_up in book.top_ups.values())
    facts = {
        "operations acknowledged": f"{book.acknowledged} ({_listed(done)})",
        "refused": _listed(refused) or "none",
        "tries repeated": f"{counts.retries} ({_listed(counts.trouble)})",
        "lost answers given again": str(counts.replays),
        "orders, top-ups, payouts, refunds": (f"{len(book.orders)}, {paid}, {len(book.payouts)}, {len(book.refunds)}"),
        "judgements": str(figures.judgements),
    }
    for name, fact in facts.items():
        console.print(f"{name:<34} {fact}", highlight=False, soft_wrap=True)


def _listed(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name or 'none'} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
