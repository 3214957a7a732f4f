"""How long rows are kept that are of no use for ever, in days, and why.

The ledger, orders, consents and the audit log are not among them.
"""

from typing import Annotated

from pydantic import Field

from kro.core.config.groups import Group, Positive


class RetentionSettings(Group):
    outbox_days: Positive
    """Delivered and discarded messages: a provider's report of a text may come weeks later and is matched to one."""
    code_days: Positive
    """One-time codes: their tries count for an hour, and support is asked within days."""
    call_days: Positive
    """Calls to providers with what was said, sealed: what support and a provider's health look at."""
    text_days: Positive
    """Attempts, reports and spending of texts: vendors' invoices are checked by the quarter."""
    mail_event_days: Positive
    """What the mail vendor reported, checked by the quarter too."""
    notification_days: Positive
    """The inbox of a user, who may look back over two years."""
    session_days: Positive
    """Ended sessions: where from a takeover came is asked for months later. From then on a country is new again."""
    link_days: Positive
    """Links into accounts after they lapsed, for the same question. Invitations stay with their order."""
    step_up_days: Positive
    """Fresh proofs after they lapsed: what they allowed is in the audit log."""
    quote_days: Positive
    """Promised fees after they lapsed: an order keeps what it was made with."""
    trace_days: Positive
    """Which trace wrote a journal or an event: as long as a collector keeps its traces."""
    audit_days: Annotated[int, Field(ge=365)]
    """A month of the audit log may be detached so long after its end, by a person: searches no longer find its rows."""
    webhook_body_days: Annotated[int, Field(ge=30)]
    """What providers sent: a contested payment is argued about for months. What came of it is kept for good."""
    hit_days: Annotated[int, Field(ge=2)]
    """Counts of rate limits, whose longest window is a day."""
