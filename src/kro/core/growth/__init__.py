"""What keeps the database from growing without end: tables of months, and rows that are forgotten."""

from kro.core.growth.months import MONTHS_AHEAD, MOST_MOVED, Months
from kro.core.growth.retention import BATCH, Leftovers, retention_step

__all__ = ["BATCH", "MONTHS_AHEAD", "MOST_MOVED", "Leftovers", "Months", "retention_step"]
