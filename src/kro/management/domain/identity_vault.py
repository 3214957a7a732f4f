"""Sealing and opening what is secret of an identity check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import orjson

from kro.core.encryption import BlindIndex, Envelope, EnvelopeCipher
from kro.core.kyc.identity import IdentityKind, PersonOnRecord
from kro.management.database.identity_records import IdentityCheck, Secret
from kro.management.domain.decide_identity import SealedNumber

_RECORD: Final = "record"


@dataclass(frozen=True, slots=True)
class IdentityVault:
    """Numbers go in and come out only for the question to a register; people see the names and birthdays alone."""

    cipher: EnvelopeCipher
    index: BlindIndex

    def seal(self, *, check_id: UUID, kind: IdentityKind, secret: Secret, middle_name: str | None) -> SealedNumber:
        """Seal a number and a birthday for the row of a check."""
        text = orjson.dumps({"number": secret.number, "born": secret.born}).decode()
        return SealedNumber(
            id=check_id,
            kind=kind,
            envelope=self.cipher.seal(text, context=_context(check_id)),
            index=self.index.of(secret.number, context=f"identity_checks.{kind}"),
            last4=secret.number[-4:],
            middle_name=middle_name,
        )

    def open(self, check: IdentityCheck) -> Secret | None:
        """Return what the owner gave, ``None`` when it was forgotten.

        :raises SealedValueError: if it cannot be read.
        """
        if check.number_key is None or check.number_sealed is None:
            return None
        found = orjson.loads(
            self.cipher.open(Envelope(check.number_key, check.number_sealed), context=_context(check.id))
        )
        return Secret(number=found["number"], born=date.fromisoformat(found["born"]))

    def seal_record(self, check: IdentityCheck, person: PersonOnRecord) -> str | None:
        """Seal what a register keeps of a person, with the data key of the check."""
        if check.number_key is None:
            return None
        text = orjson.dumps({"names": person.names.whole, "born": person.born}).decode()
        return self.cipher.seal_beside(check.number_key, text, context=_context(check.id), part=_RECORD)

    def open_record(self, check: IdentityCheck) -> tuple[str | None, date | None]:
        """Return the names and the birthday on record, as far as they are known.

        :raises SealedValueError: if they cannot be read.
        """
        if check.number_key is None or check.record_sealed is None:
            return None, None
        text = self.cipher.open_beside(check.number_key, check.record_sealed, context=_context(check.id), part=_RECORD)
        found = orjson.loads(text)
        return found["names"], date.fromisoformat(found["born"]) if found["born"] else None

    def rewrap(self, check_id: UUID, key: str) -> str | None:
        """Return a data key wrapped by the active key, ``None`` when it is already."""
        return self.cipher.rewrap(key, context=_context(check_id))


def _context(check_id: UUID) -> str:
    return f"identity_checks.number:{check_id}"
