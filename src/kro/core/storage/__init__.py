"""Private files: the interface, its vendors, an in-memory fake, and the check of uploaded bytes."""

from kro.core.storage.inspection import (
    CONTENT_TYPES,
    ContentTypeError,
    FileSizeError,
    Inspected,
    detect_content_type,
    ensure_accepted,
    inspect,
)
from kro.core.storage.interface import (
    InvalidObjectKeyError,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    ObjectTooLargeError,
    SignedDownload,
    SignedUpload,
    StorageUnavailableError,
    new_object_key,
)
from kro.core.storage.links import FileLinkExpiredError, FileLinkInvalidError, LinkSigner
from kro.core.storage.local import LocalObjectStore
from kro.core.storage.memory import MemoryObjectStore
from kro.core.storage.s3 import S3ObjectStore, S3Settings

__all__ = [
    "CONTENT_TYPES",
    "ContentTypeError",
    "FileLinkExpiredError",
    "FileLinkInvalidError",
    "FileSizeError",
    "Inspected",
    "InvalidObjectKeyError",
    "LinkSigner",
    "LocalObjectStore",
    "MemoryObjectStore",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "ObjectStore",
    "ObjectTooLargeError",
    "S3ObjectStore",
    "S3Settings",
    "SignedDownload",
    "SignedUpload",
    "StorageUnavailableError",
    "detect_content_type",
    "ensure_accepted",
    "inspect",
    "new_object_key",
]
