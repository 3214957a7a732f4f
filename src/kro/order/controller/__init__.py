"""Orders over HTTP."""

from fastapi import APIRouter

from kro.order.controller import commands, reads

router = APIRouter()
router.include_router(commands.router)
router.include_router(reads.router)
