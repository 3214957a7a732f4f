"""Links that let their holder in, as they are kept in stored answers: sealed, and opened for who asks again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson

from kro.core.decisions import Reply
from kro.core.encryption import FieldCipher
from kro.core.storage import SignedUpload
from kro.order.domain.party_commands import Ask

_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class KeptLinks:
    """A repeated request gets the link of the first one, and the database never tells it."""

    cipher: FieldCipher

    def sealed(self, signed: SignedUpload, ask: Ask) -> SignedUpload:
        """Return the upload as its answer is stored."""
        return replace(signed, url=self.cipher.seal(signed.url, context=_context(ask)))

    def opened(self, reply: Reply, ask: Ask) -> Reply:
        """Return an answer, stored or about to be, as the client gets it; a refusal holds no link."""
        if reply.status != _CREATED:
            return reply
        body = orjson.loads(reply.body)
        kept = body["upload"]["url"]
        if kept.startswith(("http://", "https://")):
            # The release before kept the link itself.
            return reply
        body["upload"]["url"] = self.cipher.open(kept, context=_context(ask))
        return replace(reply, body=orjson.dumps(body))


def _context(ask: Ask) -> str:
    return f"upload_link.{ask.actor.id}.{ask.once.key}"
