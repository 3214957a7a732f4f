"""Every model of every module, for the migrations to compare with."""

from kro.core.database.base import Base

__all__ = ["Base"]
