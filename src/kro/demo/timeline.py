"""What must have happened to one order, and whether everybody was told, once and in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from kro.demo.client import JSON
from kro.demo.expectations import equal
from kro.demo.party import Party


@dataclass(slots=True)
class Timeline:
    """The expected events of one order, as (type, who), in the order of their ``seq`` from 1."""

    order_id: str
    expected: list[tuple[str, str]] = field(default_factory=list)

    def expect(self, event_type: str, *, by: str) -> None:
        self.expected.append((event_type, by))

    async def judge(self, *parties: Party) -> list[JSON]:
        """Insist that each party heard every event over Socket.IO without a gap, and reads the same from the API.

        :raises WrongFigureError: when an event is missing, doubled, out of order or not the expected one.
        :raises TookTooLongError: when the last event does not arrive.
        """
        told: list[JSON] = []
        for party in parties:
            heard = await party.listener.hear(self.order_id, seq=len(self.expected))
            told = await party.events(self.order_id)
            name = f"what the {party.role} heard"
            equal(f"{name} (seq)", list(range(1, len(self.expected) + 1)), [event["seq"] for event in heard])
            equal(name, self.expected, [(event["type"], event["actor"]["kind"]) for event in heard])
            equal(f"{name} against the API", told, heard)
        return told
