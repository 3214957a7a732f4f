from __future__ import annotations

from dataclasses import dataclass

from kro.core.actor import Standing


@dataclass(frozen=True, slots=True)
class TopUpState:
    """A user before a top-up, in minor units of its currency.

    ``held_minor`` is all the platform holds for them, ``open_minor`` what they have lately begun to top up by,
    ``day_minor`` what they have paid in on this business day or begun to.
    """

    standing: Standing
    user_version: int
    held_minor: int
    open_minor: int
    day_minor: int = 0
