"""How large the files may be that admins send; known to every process, also while their routes are not loaded yet."""

from __future__ import annotations

import re
from typing import Final

from kro.core.http import BodyPolicy

statement_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/admin/reconciliation/imports"), max_bytes=32 * 1_048_576, json_only=False
)
"""Two hundred thousand lines of a statement, as they come out of a provider's dashboard."""

sanction_list_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/admin/sanctions/lists"), max_bytes=64 * 1_048_576, json_only=False
)
"""The largest list that is published is half of that."""
