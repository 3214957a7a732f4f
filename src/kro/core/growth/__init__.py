"""What keeps the database from growing without end: tables of months."""

from kro.core.growth.months import MONTHS_AHEAD, MOST_MOVED, Months

__all__ = ["MONTHS_AHEAD", "MOST_MOVED", "Months"]
