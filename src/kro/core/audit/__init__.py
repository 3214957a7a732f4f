"""The audit log as a whole: sealed into a chain, verified, exported, searched. Its rows come with every decision."""

from kro.core.audit.archive import AuditArchive, AuditExport
from kro.core.audit.chain import AuditChain, Break, Damage, Verdict
from kro.core.audit.detaching import ArchiveBrokenError, AuditMonth, AuditMonths, MonthKeptError
from kro.core.audit.files import (
    AuditBrokenError,
    AuditDetachedError,
    AuditFileInvalidError,
    AuditFiles,
    Stretch,
    check_file,
)
from kro.core.audit.sealing import AuditSealer
from kro.core.audit.search import AuditEntry, AuditFilter, AuditSearch
from kro.core.audit.trace import AuditTrail

__all__ = [
    "ArchiveBrokenError",
    "AuditArchive",
    "AuditBrokenError",
    "AuditChain",
    "AuditDetachedError",
    "AuditEntry",
    "AuditExport",
    "AuditFileInvalidError",
    "AuditFiles",
    "AuditFilter",
    "AuditMonth",
    "AuditMonths",
    "AuditSealer",
    "AuditSearch",
    "AuditTrail",
    "Break",
    "Damage",
    "MonthKeptError",
    "Stretch",
    "Verdict",
    "check_file",
]
