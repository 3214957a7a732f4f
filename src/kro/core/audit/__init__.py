"""The audit log as a whole: sealed into a chain, verified, exported, searched. Its rows come with every decision."""

from kro.core.audit.archive import AuditArchive, AuditExport
from kro.core.audit.chain import AuditChain, Break, Damage, Verdict
from kro.core.audit.files import AuditBrokenError, AuditFileInvalidError, AuditFiles, Stretch, check_file
from kro.core.audit.sealing import AuditSealer
from kro.core.audit.search import AuditEntry, AuditFilter, AuditSearch
from kro.core.audit.trace import AuditTrail

__all__ = [
    "AuditArchive",
    "AuditBrokenError",
    "AuditChain",
    "AuditEntry",
    "AuditExport",
    "AuditFileInvalidError",
    "AuditFiles",
    "AuditFilter",
    "AuditSealer",
    "AuditSearch",
    "AuditTrail",
    "Break",
    "Damage",
    "Stretch",
    "Verdict",
    "check_file",
]
