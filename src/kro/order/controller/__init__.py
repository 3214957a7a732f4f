"""Orders over HTTP."""

from kro.core.http import Router
from kro.order.controller import (
    blocks,
    commands,
    conditions,
    evidence,
    handover,
    invites,
    issues,
    messages,
    public,
    ratings,
    reads,
    terms,
    viewed,
)
from kro.order.controller import test_clock as test_clocks
from kro.order.controller.evidence import evidence_policy

router = Router()
router.include_router(commands.router)
router.include_router(evidence.router)
router.include_router(conditions.router)
router.include_router(handover.router)
router.include_router(reads.router)
router.include_router(issues.router)
router.include_router(messages.router)
router.include_router(blocks.router)
router.include_router(ratings.router)
router.include_router(public.router)
router.include_router(terms.router)
router.include_router(invites.router)
router.include_router(viewed.router)

test_clock = test_clocks.router

__all__ = ["evidence_policy", "router", "test_clock"]
