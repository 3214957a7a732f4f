"""What admins are told and may ask over the sockets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ConfigDict, Field

from kro.core.http import Output
from kro.core.realtime.contract import Accepted, Handle, LiveEvent, LiveRequest, NoInput, Reply
from kro.core.realtime.sessions import Client
from kro.management.database.queues import MOST_COUNTED, Queue, QueueReads
from kro.management.domain.queues import READERS


class QueueLength(Output):
    model_config = ConfigDict(extra="forbid")

    queue: Queue
    waiting: int = Field(ge=0, le=MOST_COUNTED, description=f"{MOST_COUNTED} means that many or more.")


class Alarm(Output):
    model_config = ConfigDict(extra="forbid")

    kind: str
    subject: str


class QueueLengths(Accepted):
    queues: list[QueueLength] = Field(description="Those the admin's role may read.")


EVENTS: Final = (
    LiveEvent("queue.changed", QueueLength, "More or less waits in a queue; told to whose role may read the queue."),
    LiveEvent("alarm.raised", Alarm, "Something needs a person; told to whose role may read exceptions."),
)
QUEUES: Final = LiveRequest("queues:read", NoInput, QueueLengths, "Read how much waits in each queue.")


@dataclass(frozen=True, slots=True)
class QueueSockets:
    """What admins may ask about what waits for them."""

    reads: QueueReads

    @property
    def handlers(self) -> Mapping[str, Handle]:
        return {QUEUES.name: self.read}

    async def read(self, client: Client, _: NoInput) -> Reply:
        """Return the queues an admin may read."""
        counts = await self.reads.counts()
        seen = [
            QueueLength(queue=queue, waiting=waiting)
            for queue, waiting in counts.items()
            if READERS[queue] in client.permissions
        ]
        return Reply(QueueLengths(queues=seen))
