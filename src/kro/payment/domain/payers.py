"""Who paid: kept sealed beside the payment, so that money can go back to where it came from."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import orjson

from kro.core.actor import Actor
from kro.core.encryption import FieldCipher
from kro.core.errors import ErrorKind, KroError
from kro.payment.database.payers import PayerRepository
from kro.payment.providers import CollectionResult, Payer, Succeeded


class Payers:
    """Seals and opens payers. They are personal data: shown to admins who may, each look on record."""

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def seal(self, payment_id: UUID, result: CollectionResult) -> str | None:
        """Return what the provider tells of the payer, sealed for one payment; ``None`` if it tells nothing."""
        if not isinstance(result, Succeeded):
            return None
        told = {name: value for name, value in asdict(result.facts.payer).items() if value}
        return self._cipher.seal(orjson.dumps(told).decode(), context=payer_context(payment_id)) if told else None

    def open(self, payment_id: UUID, sealed: str) -> Payer:
        """Return who paid."""
        return Payer(**orjson.loads(self._cipher.open(sealed, context=payer_context(payment_id))))


class PayerNotFoundError(KroError):
    """Nothing is known of who paid this."""

    kind = ErrorKind.NOT_FOUND
    code = "payer_not_found"


class PayerReads:
    def __init__(self, repository: PayerRepository, payers: Payers) -> None:
        self._repository = repository
        self._payers = payers

    async def get(self, payment_id: UUID, *, actor: Actor) -> Payer:
        """Return who paid, to an admin whose look is on record.

        :raises PayerNotFoundError: when the provider told nothing, or there is no such payment.
        """
        sealed = await self._repository.look(payment_id, actor=actor)
        if sealed is None:
            raise PayerNotFoundError
        return self._payers.open(payment_id, sealed)


def payer_context(payment_id: UUID) -> str:
    """Return what a payer is sealed for."""
    return f"payers.sealed:{payment_id}"
