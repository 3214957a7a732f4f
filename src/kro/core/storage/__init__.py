"""Private files: the interface, a folder on this machine, an in-memory fake, and the check of uploaded bytes."""

from kro.core.storage.inspection import CONTENT_TYPES, ContentTypeError, Inspected, detect_content_type, inspect
from kro.core.storage.interface import (
    InvalidObjectKeyError,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    new_object_key,
)
from kro.core.storage.local import LocalObjectStore
from kro.core.storage.memory import MemoryObjectStore

__all__ = [
    "CONTENT_TYPES",
    "ContentTypeError",
    "Inspected",
    "InvalidObjectKeyError",
    "LocalObjectStore",
    "MemoryObjectStore",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "ObjectStore",
    "detect_content_type",
    "inspect",
    "new_object_key",
]
