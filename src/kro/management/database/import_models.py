"""Which row of the predecessor became what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ImportRecordRow(Base):
    __tablename__ = "import_records"

    source_table: Mapped[str] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(primary_key=True)
    imported_id: Mapped[UUID]
    fingerprint: Mapped[str]
    """SHA-256 of the row as it was read, so that one that changed later is noticed."""
    imported_at: Mapped[datetime]
