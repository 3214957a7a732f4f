"""CSV for people who open it in a spreadsheet: what they or others once typed must not run there as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = re.compile(r"^[\s\x00]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """Return RFC 4180 text. A cell a spreadsheet would calculate gets an apostrophe in front (OWASP: CSV injection).

    Plain numbers stay numbers, negative ones too.
    """
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return page.getvalue()


def _cell(value: str | int | None) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
