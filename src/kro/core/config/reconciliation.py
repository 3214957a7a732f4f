"""Comparing the books with providers and banks: when, how far back, and what is worth an alarm."""

from typing import Annotated

from pydantic import Field

from kro.core.config.groups import Group, NotNegative, Positive


class OwnBankAccount(Group):
    """An account of the platform's own: its name in the ledger and in statements."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    currency: str


class ReconciliationSettings(Group):
    grace_hours: Positive
    """How long the ledger or a statement may be behind before a difference is a break."""
    window_days: Positive
    """How far back a run looks for counterparts; what an open break is about is looked at whatever its age."""
    settlement_days: Positive
    """How long a provider's transfer to our bank takes at most."""
    overdue_days: Positive
    """How long a break may stay open before the operators are reminded every night."""
    nightly_hour: Annotated[int, Field(ge=0, le=23)]
    """From which hour of the day in Lagos the night's run begins."""
    ask_providers: bool
    """Whether the night's run asks the providers for their transactions; else they come as files."""
    reread_days: NotNegative
    """How much of what providers told before is asked for again: what was begun then may have ended since."""
    safeguarding_min_bps: NotNegative
    """Below which part of what customers are owed, in basis points, being covered is an alarm."""
    bank_accounts: tuple[OwnBankAccount, ...]
