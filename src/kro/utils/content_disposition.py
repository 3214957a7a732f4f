"""The header that makes a browser save a file under its name instead of showing it (RFC 6266)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._-]")


def attachment(file_name: str) -> str:
    """Return the value of ``Content-Disposition`` for a file with any name, in ASCII and without room for a header.

    The plain form is for clients that do not know the extended one, which carries the name as it is.
    """
    exact = quote(file_name.encode(errors="replace"), safe="")
    return f"attachment; filename=\"{_UNSAFE.sub('_', file_name)}\"; filename*=UTF-8''{exact}"
