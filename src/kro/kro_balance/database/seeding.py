from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kro.core.database.pool import Database

_SEED: Final = """
INSERT INTO fee_configuration (id, order_type, currency, percent_bps, minimum, cap, effective_from, effective_to)
SELECT f.id, f.order_type, f.currency, f.percent_bps, f.minimum, f.cap, f.effective_from, f.effective_to
FROM jsonb_populate_recordset(NULL::fee_configuration, $1::jsonb) AS f
WHERE NOT EXISTS (SELECT FROM fee_configuration AS present WHERE present.currency = f.currency)"""


async def seed_fee_configuration(database: Database, bands: Sequence[dict[str, Any]]) -> None:
    """Give a new installation its first fees; a currency that has any keeps its own."""
    await database.execute(_SEED, list(bands))
