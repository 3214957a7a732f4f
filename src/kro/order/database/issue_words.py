"""The vocabulary of a disagreement: what is wrong, how far it has come, and what was offered."""

from __future__ import annotations

from enum import StrEnum


class IssueCategory(StrEnum):
    """What is wrong. ``unconfirmed`` is the platform's own: nobody can be shown to have seen the reminders."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"
    LATE = "late"
    NO_COOPERATION = "no_cooperation"
    OTHER = "other"
    UNCONFIRMED = "unconfirmed"


class IssueStatus(StrEnum):
    NEGOTIATING = "negotiating"
    EVIDENCE = "evidence"
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    APPEALED = "appealed"
    FINAL = "final"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"

    @property
    def is_over(self) -> bool:
        return self in {IssueStatus.EFFECTIVE, IssueStatus.WITHDRAWN, IssueStatus.SETTLED}


class OfferStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class HoldReason(StrEnum):
    """Why compliance stops an order."""

    FRAUD = "fraud"
    SANCTIONS = "sanctions"
    COURT_ORDER = "court_order"
    AUTHORITY = "authority"
    UNCLEAR_IDENTITY = "unclear_identity"


class LiftReason(StrEnum):
    """Why an order may go on."""

    CLEARED = "cleared"
    PLACED_BY_MISTAKE = "placed_by_mistake"
    OTHERWISE_SECURED = "otherwise_secured"
