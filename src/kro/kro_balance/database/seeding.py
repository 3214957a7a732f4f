from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kro.core.database.pool import Database

_SEED_FEES: Final = """
INSERT INTO fee_configuration (id, order_type, currency, percent_bps, minimum, cap, amount_from, amount_to, promo_code,
                               effective_from, effective_to)
SELECT f.id, f.order_type, f.currency, f.percent_bps, f.minimum, f.cap, coalesce(f.amount_from, 0), f.amount_to,
       f.promo_code, f.effective_from, f.effective_to
FROM jsonb_populate_recordset(NULL::fee_configuration, $1::jsonb) AS f
WHERE NOT EXISTS (SELECT FROM fee_configuration AS present WHERE present.currency = f.currency)
ON CONFLICT DO NOTHING"""

_SEED_TAXES: Final = """
INSERT INTO tax_rules (id, kind, currency, rate_bps, fixed_minor, threshold_minor, effective_from, effective_to)
SELECT t.id, t.kind, t.currency, t.rate_bps, t.fixed_minor, coalesce(t.threshold_minor, 0), t.effective_from,
       t.effective_to
FROM jsonb_populate_recordset(NULL::tax_rules, $1::jsonb) AS t
WHERE NOT EXISTS (SELECT FROM tax_rules AS present WHERE present.kind = t.kind AND present.currency = t.currency)
ON CONFLICT DO NOTHING"""


async def seed_fee_configuration(database: Database, bands: Sequence[dict[str, Any]]) -> None:
    """Give a new installation its first fees; a currency that has any keeps its own."""
    await database.execute(_SEED_FEES, list(bands))


async def seed_tax_rules(database: Database, rules: Sequence[dict[str, Any]]) -> None:
    """Give a new installation the taxes of the day; a kind of tax that has a rule in a currency keeps its own."""
    await database.execute(_SEED_TAXES, list(rules))
