from kro.verification.controller.routes import router

__all__ = ["router"]
