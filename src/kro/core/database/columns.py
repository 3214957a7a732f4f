from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def known(record: type[Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return those columns of a whole row that a dataclass with slots has fields for.

    While releases change places, the newer one's migrations have already added columns that this program never heard
    of.
    """
    return {name: columns[name] for name in record.__slots__ if name in columns}
