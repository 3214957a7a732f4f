from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class RateLimitRow(Base):
    __tablename__ = "rate_limits"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    hits: Mapped[int]
