from kro.core.http import Router
from kro.verification.controller import routes, step_up

router = Router()
router.include_router(routes.router)
router.include_router(step_up.router)

__all__ = ["router"]
