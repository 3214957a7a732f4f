from fastapi import APIRouter

from kro.verification.controller import routes, step_up

router = APIRouter()
router.include_router(routes.router)
router.include_router(step_up.router)

__all__ = ["router"]
