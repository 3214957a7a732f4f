"""Links to files of the local store: what may be done until when, signed with a key of this server."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError

_PURPOSE: Final = "kro.files.v1"


class FileLinkInvalidError(KroError):
    """This link was not made by this server; ask for a new one."""

    kind = ErrorKind.FORBIDDEN
    code = "file_link_invalid"


class FileLinkExpiredError(KroError):
    """This link has expired; ask for a new one."""

    kind = ErrorKind.GONE
    code = "file_link_expired"


@dataclass(frozen=True, slots=True)
class UploadLink:
    """Leave to put one object of exactly this type and size; ``expires`` is in seconds since 1970."""

    key: str
    content_type: str
    size: int
    expires: int


@dataclass(frozen=True, slots=True)
class DownloadLink:
    """Leave to get one object, under this name and as this type; ``expires`` is in seconds since 1970."""

    key: str
    content_type: str
    file_name: str
    expires: int


class LinkSigner:
    """Makes links below ``base_url`` and recognizes its own.

    :param others: secrets that are believed too, which is how the one that signs is rotated.
    """

    def __init__(self, *, secret: bytes, base_url: str, clock: Clock, others: Sequence[bytes] = ()) -> None:
        self._secret, self._secrets = secret, (secret, *others)
        self._base_url = base_url
        self._clock = clock

    def upload_url(self, link: UploadLink) -> str:
        return self._url(link, expires=link.expires, size=link.size, content_type=link.content_type)

    def download_url(self, link: DownloadLink) -> str:
        return self._url(link, expires=link.expires, file_name=link.file_name, content_type=link.content_type)

    def now(self) -> datetime:
        return self._clock.now()

    def check(self, link: UploadLink | DownloadLink, signature: str) -> None:
        """Make sure that a link is one of ours, unaltered, and still good.

        :raises FileLinkInvalidError: when it is not ours, whatever it says of its end.
        :raises FileLinkExpiredError: when its time is over.
        """
        given = signature.encode(errors="replace")
        matches = [hmac.compare_digest(_signature(secret, link).encode(), given) for secret in self._secrets]
        if not any(matches):
            raise FileLinkInvalidError
        if self._clock.now() >= datetime.fromtimestamp(link.expires, UTC):
            raise FileLinkExpiredError

    def _url(self, link: UploadLink | DownloadLink, **query: str | int) -> str:
        return (
            f"{self._base_url}/v1/files/{link.key}?{urlencode({**query, 'signature': _signature(self._secret, link)})}"
        )


def _signature(secret: bytes, link: UploadLink | DownloadLink) -> str:
    # A JSON list, so that no value can be mistaken for the end of the one before; escaped, so that any text fits.
    if isinstance(link, UploadLink):
        signed = [_PURPOSE, "PUT", link.key, link.content_type, link.size, link.expires]
    else:
        signed = [_PURPOSE, "GET", link.key, link.content_type, link.file_name, link.expires]
    return hmac.new(secret, json.dumps(signed).encode(), hashlib.sha256).hexdigest()
