"""Where decisions are written: each by a statement of its own, or those that only add rows by one for several."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kro.core.database.group_write import GroupWrite
from kro.core.database.pool import Database
from kro.core.decisions import Decision, Insert, StoredAnswer
from kro.core.decisions.encoding import Addition, encode, encode_together
from kro.core.telemetry.tracing import mark


class DecisionWriter:
    """Writes decisions; see :class:`kro.core.decisions.DecisionStore`.

    Those that only add rows to tables of ``together``, and move no money, are written by one statement when they come
    at the same moment: all of it is committed or none, and what is refused is tried alone. Rows of such a table have
    no key but an id of their own, so that no two statements wait for one another's.
    """

    def __init__(self, database: Database, *, together: Collection[str] = frozenset()) -> None:
        self._database = database
        self._together = together
        self._additions = GroupWrite(self._add)

    async def write(self, decision: Decision, answer: StoredAnswer | None = None) -> None:
        """Write it in one atomic statement, with the answer under its idempotency key."""
        if self._only_adds(decision):
            await self._additions.add(Addition(decision, answer, mark()))
        else:
            await self._database.apply(encode(decision, answer))

    def _only_adds(self, decision: Decision) -> bool:
        return (
            bool(decision.writes)
            and not (decision.journals or decision.cleared)
            and all(isinstance(write, Insert) and write.table in self._together for write in decision.writes)
        )

    async def _add(self, additions: Sequence[Addition]) -> Sequence[None]:
        await self._database.apply(encode_together(additions))
        return [None] * len(additions)
