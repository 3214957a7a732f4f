"""One protocol per capability, so that a caller asks for no more than it uses and a vendor offers what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kro.core.money import Money
from kro.payment.providers.results import (
    Bank,
    BankAccount,
    CheckoutResult,
    CollectionResult,
    NotResolved,
    RefundInstruction,
    RefundSendResult,
    RefundStatusResult,
    ResolvedAccount,
    TransferSendResult,
    TransferStatusResult,
    VerifiedWebhook,
)


class CheckoutProvider(Protocol):
    async def start(
        self,
        *,
        reference: str,
        amount: Money,
        payer_email: str,
        callback_url: str,
        metadata: Mapping[str, str] | None = None,
    ) -> CheckoutResult:
        """Open a hosted payment page for an amount.

        The reference is ours, made by ``provider_reference_for`` and stored before the call. Starting a reference the
        provider already has is ``Unknown("duplicate_reference")``: its page is lost, so read the reference and offer
        the payer a new attempt under a new one.
        """
        ...


class CollectionReader(Protocol):
    async def verify(self, *, reference: str) -> CollectionResult:
        """Ask what became of a payment. The amounts are the provider's: compare them with what was expected.

        A failed attempt may still be followed by a success on the same page, so credit a later success.
        """
        ...


class BankDirectory(Protocol):
    async def list_banks(self, *, currency: str) -> tuple[Bank, ...]:
        """Return the banks that can receive transfers in a currency, by name.

        :raises ProviderUnavailableError: if the provider gave no usable answer.
        """
        ...


class AccountResolver(Protocol):
    async def resolve(self, *, account_number: str, bank_code: str) -> ResolvedAccount | NotResolved:
        """Ask the bank whose account it is.

        :raises ProviderUnavailableError: if the provider gave no usable answer, which is not "no such account".
        """
        ...


class TransferSender(Protocol):
    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        """Send money to a bank account, once.

        The reference is ours, stored before the call. It is repeated only where the provider cannot have taken it;
        everything unclear is ``Unknown`` and is asked for with ``TransferReader.status``.
        """
        ...


class TransferReader(Protocol):
    async def status(self, *, reference: str) -> TransferStatusResult:
        """Ask what became of a transfer. A success can still be followed by ``Reversed``, at any later time."""
        ...


class RefundSender(Protocol):
    async def send(self, instruction: RefundInstruction) -> RefundSendResult:
        """Give (a part of) a payment back to its source, once.

        The instruction is on record before the call. What the provider has under its reference already is answered for
        instead of being asked for again; everything unclear is ``Unknown`` and is asked for with ``RefundReader``.
        """
        ...


class RefundReader(Protocol):
    async def status(self, instruction: RefundInstruction) -> RefundStatusResult:
        """Ask what became of a refund. ``NotFound`` is about this moment: a call under way may still arrive."""
        ...


class WebhookVerifier(Protocol):
    def verify(self, *, raw: bytes, headers: Mapping[str, str]) -> VerifiedWebhook:
        """Check the signature over the raw bytes and say what the event is about.

        Header names are matched without regard to case.

        :raises WebhookSignatureError: if it is not authentic, or no secret is configured.
        """
        ...
