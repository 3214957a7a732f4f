"""How often Python looks for garbage in a process that has started."""

from __future__ import annotations

import gc
from typing import Final

_ALLOCATIONS: Final = 10_000
_YOUNG_ROUNDS: Final = 20
_MIDDLE_ROUNDS: Final = 20


def hurry() -> None:
    """Look for no garbage until :func:`settle`: a start makes much that lasts, and little of that."""
    gc.disable()


def settle() -> None:
    """Take what the start made for lasting, unlooked at, and look for cycles among the rest less often.

    Of a quarter of a million objects some fifteen hundred are garbage by then; to find them took a tenth of a start.

    With the usual thresholds, meant for small programs, each request looks at everything that was made since the last
    one, and every few hundred at all the routes and models there are: a tenth of an API's time.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(_ALLOCATIONS, _YOUNG_ROUNDS, _MIDDLE_ROUNDS)
