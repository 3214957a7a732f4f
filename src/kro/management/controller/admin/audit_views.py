"""The audit log as admins ask for it and see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

import orjson
from pydantic import AwareDatetime, Field, StringConstraints

from kro.core.audit import AuditEntry, AuditExport, AuditFilter, Verdict
from kro.core.errors import ValidationFailedError
from kro.core.http import Output, QueryInput
from kro.core.ids import UnknownIdError, read_id, show_id
from kro.utils.csv_text import csv_text

DEFAULT_SPAN: Final = timedelta(days=31)
FIRST_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(2999, 12, 31, tzinfo=UTC)
LONGEST_SPAN: Final = timedelta(days=366)

PREFIXES: Final = {
    "user": "usr",
    "admin": "adm",
    "order": "ord",
    "condition": "cnd",
    "issue": "iss",
    "payment": "pay",
    "payout": "pyt",
    "refund": "rfd",
    "chargeback": "cbk",
    "proposal": "prp",
    "session": "ses",
    "bank_account": "bnk",
    "webhook": "whk",
    "outbox": "msg",
    "suspense": "sus",
    "reconciliation_break": "brk",
    "reconciliation_import": "imp",
    "reconciliation_run": "run",
}
"""How the ids of each kind of target are shown; others stand as plain UUIDs."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_.]{0,59}$")]


class AuditFilterQuery(QueryInput):
    """What to find; everything that is given must match."""

    since: AwareDatetime | None = Field(
        default=None,
        alias="from",
        ge=FIRST_MOMENT,
        le=LAST_MOMENT,
        description="Included; 31 days before `to` when left out, at most 366.",
    )
    until: AwareDatetime | None = Field(
        default=None, alias="to", ge=FIRST_MOMENT, le=LAST_MOMENT, description="Not included; now when left out."
    )
    actor: str | None = Field(default=None, description="`usr_…`, `adm_…` or `system`.", max_length=40)
    action: Word | None = Field(default=None, examples=["payout.approve"])
    target_type: Word | None = Field(default=None, examples=["payout"])
    target: str | None = Field(default=None, description="The shown id of what it was done to.", max_length=40)
    result: Literal["done", "refused"] | None = None
    request_id: str | None = Field(default=None, max_length=64)
    ip: str | None = Field(default=None, max_length=45)

    def to_filter(self, *, now: datetime) -> AuditFilter:
        """Return the filter this asks for.

        :raises ValidationFailedError: for a span that is empty or too long, or an id that is none.
        """
        until = self.until or now
        since = self.since or until - DEFAULT_SPAN
        if not timedelta(0) < until - since <= LONGEST_SPAN:
            raise ValidationFailedError("query:from", "out_of_range", "A search covers at most 366 days.")
        is_system = self.actor == "system"
        return AuditFilter(
            since=since,
            until=until,
            actor_id=None if is_system else _id_in(self.actor, "actor"),
            actor_kind="system" if is_system else None,
            action=self.action,
            target_type=self.target_type,
            target_id=_id_in(self.target, "target"),
            result=self.result,
            request_id=self.request_id,
            ip=self.ip,
        )


class AuditFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class AuditEntryRead(Output):
    """One row. `position` is its place in the sealed chain, `null` for the newest few seconds."""

    id: str = Field(examples=["aud_01kajz7k3nf9b8r2m4q6s8t0vw"])
    position: int | None
    at: datetime
    actor_kind: str
    actor: str | None
    session: str | None
    action: str
    target_type: str
    target: str | None
    result: str
    reason: str | None
    request_id: str | None
    ip: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            id=show_id("aud", entry.id),
            position=entry.position,
            at=entry.at,
            actor_kind=entry.actor_kind,
            actor=_shown(entry.actor_kind, entry.actor_id),
            session=_shown("session", entry.session_id),
            action=entry.action,
            target_type=entry.target_type,
            target=_shown(entry.target_type, entry.target_id),
            result=entry.result,
            reason=entry.reason,
            request_id=entry.request_id,
            ip=entry.ip,
            detail=entry.detail,
        )


class AuditExportRead(Output):
    """A file of sealed rows in file storage, those behind `after_position` up to `position`."""

    position: int
    after_position: int
    hash: str = Field(description="The seal at `position`, in hexadecimal.")
    storage_key: str
    size_bytes: int
    sha256: str = Field(description="Of the file, in hexadecimal.")
    created_at: datetime

    @classmethod
    def of(cls, export: AuditExport) -> Self:
        return cls(
            position=export.position,
            after_position=export.after_position,
            hash=export.hash.hex(),
            storage_key=export.storage_key,
            size_bytes=export.size_bytes,
            sha256=export.sha256.hex(),
            created_at=export.created_at,
        )


class AuditBreakRead(Output):
    """The first place where the chain does not hold."""

    damage: str = Field(examples=["changed"])
    position: int | None
    id: str | None


class AuditVerdictRead(Output):
    """What recomputing a stretch of the chain came to."""

    sound: bool
    complete: bool = Field(description="Whether the stretch reached the head; if not, go on behind `verified_through`.")
    verified_through: int
    head_position: int
    head_hash: str
    broken: AuditBreakRead | None

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        broken = verdict.broken
        return cls(
            sound=verdict.is_sound,
            complete=verdict.complete,
            verified_through=verdict.through,
            head_position=verdict.head_position,
            head_hash=verdict.head_hash.hex(),
            broken=None
            if broken is None
            else AuditBreakRead(
                damage=broken.damage, position=broken.position, id=_shown("audit", broken.audit_id, prefix="aud")
            ),
        )


def audit_file(entries: Sequence[AuditEntry], file_format: AuditFormat) -> bytes:
    """Return rows as a table for a spreadsheet or as one JSON object a line."""
    shown = [AuditEntryRead.of(entry) for entry in entries]
    if file_format is AuditFormat.NDJSON:
        return b"".join(row.model_dump_json().encode() + b"\n" for row in shown)
    columns = tuple(AuditEntryRead.model_fields)
    rows = ([_cell(value) for value in row.model_dump(mode="json").values()] for row in shown)
    return csv_text(columns, rows).encode()


def _cell(value: object) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else orjson.dumps(value).decode()


def _shown(kind: str, value: UUID | None, *, prefix: str | None = None) -> str | None:
    if value is None or value.int == 0:
        return None
    prefix = prefix or PREFIXES.get(kind)
    return show_id(prefix, value) if prefix else str(value)


def _id_in(text: str | None, name: str) -> UUID | None:
    if text is None:
        return None
    try:
        return read_id(text.partition("_")[0], text)
    except UnknownIdError:
        raise ValidationFailedError(f"query:{name}", "unknown_id", "This is not the id of anything.") from None
