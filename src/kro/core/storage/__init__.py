"""Private files: the interface, a folder on this machine, an in-memory fake, and the check of uploaded bytes."""

from kro.core.storage.interface import (
    InvalidObjectKeyError,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    new_object_key,
)

__all__ = [
    "InvalidObjectKeyError",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "ObjectStore",
    "new_object_key",
]
