"""Encryption of single fields at rest, and blind indexes to find them by."""

from kro.core.encryption.blind_index import BlindIndex
from kro.core.encryption.envelope import Envelope, EnvelopeCipher
from kro.core.encryption.field_cipher import FieldCipher, SealedValueError
from kro.core.encryption.page_signer import PageSigner

__all__ = ["BlindIndex", "Envelope", "EnvelopeCipher", "FieldCipher", "PageSigner", "SealedValueError"]
