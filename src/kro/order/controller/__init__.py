"""Orders over HTTP."""

import re
from typing import Final

from fastapi import APIRouter

from kro.core.http import BodyPolicy
from kro.order.controller import commands, issues, reads
from kro.order.controller import test_clock as test_clocks

router = APIRouter()
router.include_router(commands.router)
router.include_router(reads.router)
router.include_router(issues.router)

evidence_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/orders/[^/]+/evidence"), max_bytes=1_048_576, json_only=False
)
"""A file's bytes are its request's whole body, whatever kind it is."""

test_clock = test_clocks.router

__all__ = ["evidence_policy", "router", "test_clock"]
