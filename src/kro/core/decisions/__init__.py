"""Load, decide, apply: decisions as plain data and the runner that writes them in one statement."""

from kro.core.decisions.decision import (
    Account,
    Audit,
    ClearTimer,
    Decision,
    Entry,
    Event,
    Insert,
    Journal,
    Message,
    Row,
    Timer,
    Update,
)
from kro.core.decisions.errors import (
    BusyError,
    InProgressError,
    InsufficientFundsError,
    KeyReusedError,
    LostRaceError,
)
from kro.core.decisions.reply import Once, Reply, StoredAnswer
from kro.core.decisions.runner import DecisionRunner, DecisionStore, Loaded, Outcome

__all__ = [
    "Account",
    "Audit",
    "BusyError",
    "ClearTimer",
    "Decision",
    "DecisionRunner",
    "DecisionStore",
    "Entry",
    "Event",
    "InProgressError",
    "Insert",
    "InsufficientFundsError",
    "Journal",
    "KeyReusedError",
    "Loaded",
    "LostRaceError",
    "Message",
    "Once",
    "Outcome",
    "Reply",
    "Row",
    "StoredAnswer",
    "Timer",
    "Update",
]
