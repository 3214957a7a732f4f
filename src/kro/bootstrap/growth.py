"""What keeps the database from growing without end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.bootstrap.foundation import Foundation
from kro.core.growth import Months
from kro.core.scheduler import Step

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


def growth_steps(base: Foundation) -> Sequence[Step]:
    """Return what the worker repeats about months, by one worker at a time."""
    months = Months(base.database, clock=base.clock, ids=base.ids)
    return (
        Step("months.prepare", _HOUR, months.prepare, alone=True),
        Step("months.drop", _DAY, months.drop_emptied, alone=True),
        Step("months.strays", _DAY, months.tell_strays, alone=True),
    )
