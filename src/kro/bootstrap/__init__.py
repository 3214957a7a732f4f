"""The one place where concrete classes are chosen and modules are joined."""

from kro.bootstrap.application import Application, build
from kro.bootstrap.providers import Providers, choose_providers

__all__ = ["Application", "Providers", "build", "choose_providers"]
