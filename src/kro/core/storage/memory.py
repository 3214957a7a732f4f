from __future__ import annotations

from dataclasses import dataclass, field

from kro.core.storage.interface import ObjectExistsError, ObjectNotFoundError, ensure_object_key


@dataclass(slots=True)
class MemoryObjectStore:
    """Objects in memory, for tests; ``content_types`` shows what each was stored as."""

    objects: dict[str, bytes] = field(default_factory=dict)
    content_types: dict[str, str] = field(default_factory=dict)

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        if ensure_object_key(key) in self.objects:
            raise ObjectExistsError
        self.objects[key] = data
        self.content_types[key] = content_type

    async def get(self, *, key: str) -> bytes:
        try:
            return self.objects[ensure_object_key(key)]
        except KeyError:
            raise ObjectNotFoundError from None
