"""The audit log: what seals it, keeps it elsewhere, and answers questions about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.audit import AuditArchive, AuditChain, AuditFiles, AuditMonths, AuditSealer, AuditSearch, AuditTrail
from kro.core.auth.viewing import ViewAsUser
from kro.core.scheduler import Step
from kro.core.storage import new_object_key


@dataclass(frozen=True, slots=True)
class Auditing:
    sealer: AuditSealer
    chain: AuditChain
    files: AuditFiles
    archive: AuditArchive
    months: AuditMonths
    search: AuditSearch
    trail: AuditTrail
    view_as_user: ViewAsUser

    def services(self) -> dict[str, object]:
        """Return what the routes ask for, by the names they ask with."""
        return {
            "audit_archive": self.archive,
            "audit_chain": self.chain,
            "audit_search": self.search,
            "audit_trail": self.trail,
            "view_as_user": self.view_as_user,
        }


def build_auditing(base: Foundation, providers: Providers) -> Auditing:
    """Join what is about the audit log as a whole; its rows come with every decision."""
    files = AuditFiles(base.database)
    trail = AuditTrail(base.database, ids=base.ids)
    return Auditing(
        sealer=AuditSealer(base.database),
        chain=AuditChain(base.database),
        files=files,
        archive=AuditArchive(
            base.database,
            files=files,
            shelf=providers.files,
            new_key=new_object_key,
            clock=base.clock,
            ids=base.ids,
        ),
        months=AuditMonths(base.database, store=providers.files, new_key=new_object_key),
        search=AuditSearch(base.database),
        trail=trail,
        view_as_user=ViewAsUser(base.database, trail=trail),
    )


def auditing_steps(auditing: Auditing) -> Sequence[Step]:
    """Return what the worker repeats; whichever worker holds the head's row seals."""
    return (
        Step("audit.seal", 5.0, auditing.sealer.seal_due),
        Step("audit.export", 3600.0, auditing.archive.export_due, alone=True),
    )
