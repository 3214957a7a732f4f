"""Every model of every module, for the migrations to compare with."""

from kro.core.auth import models as auth
from kro.core.database.base import Base
from kro.core.rate_limit import models as rate_limit
from kro.core.two_factor import models as two_factor

__all__ = ["Base", "auth", "rate_limit", "two_factor"]
