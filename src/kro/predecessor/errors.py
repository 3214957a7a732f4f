from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class MappingInvalidError(KroError):
    """The mapping cannot be used."""

    kind = ErrorKind.INVALID
    code = "mapping_invalid"


class SourceUnusableError(KroError):
    """The predecessor's data cannot be read."""

    kind = ErrorKind.OVERLOADED
    code = "source_unusable"


class BusinessUnderWayError(KroError):
    """Money has moved in this database already."""

    code = "business_under_way"

    def __init__(self, database: str) -> None:
        super().__init__(
            f"Money has moved in {database} already, so what is imported would mix with what happened since. "
            f"If that is meant, say so: --into-running {database}"
        )


class UnfitError(Exception):
    """One value that does not fit; ``code`` says why. Never carries the value itself."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code, self.field = code, field
