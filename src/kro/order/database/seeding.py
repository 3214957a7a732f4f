from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kro.core.database.pool import Database

_SEED: Final = """
INSERT INTO condition_templates (code, version, order_type, title, conditions, active)
SELECT t.code, t.version, t.order_type, t.title, t.conditions, true
FROM jsonb_populate_recordset(NULL::condition_templates, $1::jsonb) AS t
ON CONFLICT (code, version) DO NOTHING"""


async def seed_templates(database: Database, templates: Sequence[Any]) -> None:
    """Add condition sets whose version is not there yet; versions that exist never change."""
    await database.execute(_SEED, list(templates))
