"""A whole escrow, played over HTTP and Socket.IO as the two apps and an admin would, checked to the kobo."""

from kro.demo.admin import AdminLogin
from kro.demo.play import run_demo

__all__ = ["AdminLogin", "run_demo"]
