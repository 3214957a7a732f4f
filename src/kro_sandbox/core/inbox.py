"""Every mail and SMS that a stand-in accepted."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from kro_sandbox.core.clock import Clock, iso
from kro_sandbox.core.wire import JSONObject

_CODE = re.compile(r"(?<![\w/=.,*-])\d{4,8}(?![\w/=-]|[.,]\d)")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_KEPT = 5_000


class Channel(StrEnum):
    SMS = "sms"
    MAIL = "mail"
    WHATSAPP = "whatsapp"
    VOICE = "voice"


@dataclass(slots=True, kw_only=True)
class Message:
    id: str
    number: int
    provider_id: str
    vendor: str
    channel: Channel
    to: str
    sender: str
    subject: str | None
    text: str
    html: str | None
    at: str
    status: str

    @property
    def codes(self) -> list[str]:
        """Find what looks like a one-time code, for people and tests that wait for one."""
        return _CODE.findall(_LINK.sub(" ", self.text))

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.text)

    def body(self) -> JSONObject:
        return {
            "id": self.id,
            "provider_id": self.provider_id,
            "vendor": self.vendor,
            "channel": self.channel,
            "to": self.to,
            "from": self.sender,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "at": self.at,
            "codes": self.codes,
            "links": self.links,
            "status": self.status,
        }


def _plain(address: str) -> str:
    return re.sub(r"[\s+()]", "", address).lower()


class Inbox:
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._messages: deque[Message] = deque(maxlen=_KEPT)
        self._count = 0
        self._arrived = asyncio.Event()

    def add(
        self,
        *,
        vendor: str,
        channel: Channel,
        to: str,
        sender: str,
        text: str,
        subject: str | None = None,
        html: str | None = None,
        status: str = "delivered",
        provider_id: str = "",
    ) -> Message:
        self._count += 1
        message = Message(
            id=f"message_{self._count}",
            provider_id=provider_id,
            number=self._count,
            vendor=vendor,
            channel=channel,
            to=to,
            sender=sender,
            subject=subject,
            text=text,
            html=html,
            at=iso(self._clock.now()),
            status=status,
        )
        self._messages.append(message)
        self._arrived.set()
        self._arrived = asyncio.Event()
        return message

    def find(self, *, to: str | None = None, channel: str | None = None, after: str | None = None) -> list[Message]:
        """List messages, oldest first. `to` ignores plus signs, spaces and case; `after` is a message id, exclusive."""
        last = next((message.number for message in self._messages if message.id == after), 0)
        return [
            message
            for message in self._messages
            if message.number > last
            and (not to or _plain(message.to) == _plain(to))
            and (not channel or message.channel == channel)
        ]

    async def wait(
        self, *, seconds: float, to: str | None = None, channel: str | None = None, after: str | None = None
    ) -> list[Message]:
        """Wait until at least one message matches, at most `seconds`, and list all that do."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (found := self.find(to=to, channel=channel, after=after)):
            arrived = self._arrived
            try:
                await asyncio.wait_for(arrived.wait(), timeout=deadline - loop.time())
            except TimeoutError:
                return []
        return found

    def clear(self) -> None:
        self._messages.clear()
