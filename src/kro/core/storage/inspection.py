"""What uploaded bytes are, by themselves: neither a file name nor a declared type is believed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from kro.core.errors import ErrorKind, KroError

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
WEBP: Final = "image/webp"
MP4: Final = "video/mp4"
CONTENT_TYPES: Final = frozenset({PDF, PNG, JPEG, WEBP, MP4})

# ISO base media brands that phones record as MP4 (mp4ra.org). HEIC and AVIF share the container and are not video.
_MP4_BRANDS: Final = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"M4V ",
        b"MSNV",
        b"3gp4",
        b"3gp5",
        b"dash",
    }
)


class ContentTypeError(KroError):
    """The file is not one of the accepted kinds, or not the kind it was declared to be."""

    kind = ErrorKind.UNSUPPORTED_MEDIA
    code = "unsupported_content_type"


class FileSizeError(KroError):
    """The file is not of the size that was announced."""

    kind = ErrorKind.INVALID
    code = "file_size_mismatch"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file whose first bytes fit its kind. ``sha256`` is hexadecimal."""

    content_type: str
    size_bytes: int
    sha256: str


def detect_content_type(data: bytes) -> str | None:
    """Return the kind of a file by its magic bytes, or ``None`` if it is not an accepted one."""
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _MP4_BRANDS:
        return MP4
    return None


def ensure_accepted(content_type: str) -> None:
    """Refuse kinds of files that are not accepted.

    :raises ContentTypeError: when it is not one of ``CONTENT_TYPES``.
    """
    if content_type not in CONTENT_TYPES:
        raise ContentTypeError


def inspect(data: bytes, *, declared_content_type: str) -> Inspected:
    """Check that a file is what it was declared to be, and fingerprint it.

    It takes time with the size of the file: call it in a thread for more than a megabyte.

    :raises ContentTypeError: if it is something else, or of a kind that is not accepted.
    """
    content_type = detect_content_type(data)
    declared = declared_content_type.partition(";")[0].strip().lower()
    if content_type is None or content_type != declared:
        raise ContentTypeError
    return Inspected(content_type=content_type, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
