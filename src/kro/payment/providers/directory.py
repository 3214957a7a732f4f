"""The vendors we work with, by the names that are on record with every payment and payout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kro.payment.providers.provider import Capability, PaymentProvider


class UnknownVendorError(RuntimeError):
    """A row names a vendor that is not configured; its outcome stays open until it is configured again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The provider {name} is not configured.")
        self.name = name


class ProviderDirectory:
    """Every configured vendor. The first is the home one, whose bank codes we keep."""

    def __init__(self, providers: Sequence[PaymentProvider]) -> None:
        self._by_name = {provider.name: provider for provider in providers}
        if not providers or len(self._by_name) != len(providers):
            raise ValueError("a directory needs vendors, each with a name of its own")
        self._home = providers[0]

    def __iter__(self) -> Iterator[PaymentProvider]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> PaymentProvider:
        """Return a vendor.

        :raises UnknownVendorError: if it is not configured.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownVendorError(name) from None

    @property
    def home(self) -> PaymentProvider:
        return self._home

    def offering(self, *capabilities: Capability) -> tuple[PaymentProvider, ...]:
        """Return the vendors that offer all of these."""
        return tuple(one for one in self if one.capabilities.issuperset(capabilities))
