"""What clients get about terms and their changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.order.controller.views import FeesRead
from kro.order.database.records import Amendment, Condition, OrderState
from kro.order.database.terms_reads import TermsVersion
from kro.order.database.words import AmendmentStatus, Party
from kro.order.domain.terms import changed_terms


class ProposedCondition(Output):
    kind: str
    title: str
    description: str
    confirmed_by: str
    required: bool
    evidence_required: bool
    deemed_on_timeout: bool
    amount: MoneyOut | None
    not_before: datetime | None


class TermsVersionRead(Output):
    """One version of the terms as it was on the table."""

    version: int
    hash: str
    proposed_by: Party
    created_at: datetime
    changed: list[str] = Field(description="The terms that differ from the version before; none in the first.")
    title: str
    description: str
    amount: MoneyOut
    fees: FeesRead
    delivery_hours: int
    inspection_hours: int
    revisions: int
    conditions: list[ProposedCondition]


class TermsVersionsRead(Output):
    data: list[TermsVersionRead]


class AmendmentRead(Output):
    """A proposal to change terms; what is `null` or empty stays as it is."""

    id: str
    status: AmendmentStatus
    proposed_by: Party
    hash: str = Field(description="Of the terms as they would be; who accepts names it.")
    amount: MoneyOut | None
    fees: FeesRead | None
    delivery_hours: int | None
    inspection_hours: int | None
    add_conditions: list[ProposedCondition]
    remove_conditions: list[str]
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None


class AmendmentsRead(Output):
    data: list[AmendmentRead]


def versions_read(versions: Sequence[TermsVersion]) -> TermsVersionsRead:
    """Return every version with what it changed."""
    terms = [None, *(version.terms for version in versions)]
    changes = [changed_terms(before, after) for before, after in pairwise(terms) if after is not None]
    return TermsVersionsRead(
        data=[_version(version, changed) for version, changed in zip(versions, changes, strict=True)]
    )


def amendment_read(amendment: Amendment, currency: str, *, now: datetime) -> AmendmentRead:
    """Return an amendment as both parties see it; one that has run out has lapsed, whoever noted it."""
    price = amendment.price
    has_lapsed = amendment.status is AmendmentStatus.OPEN and amendment.expires_at <= now
    return AmendmentRead(
        id=show_id("amd", amendment.id),
        status=AmendmentStatus.LAPSED if has_lapsed else amendment.status,
        proposed_by=amendment.proposed_by,
        hash=amendment.hash,
        amount=MoneyOut(amount=price["amount"], currency=currency) if price else None,
        fees=fees_read(price, currency) if price else None,
        delivery_hours=amendment.delivery_hours,
        inspection_hours=amendment.inspection_hours,
        add_conditions=[added_read(condition, currency) for condition in amendment.added],
        remove_conditions=[show_id("cnd", condition_id) for condition_id in amendment.removed],
        created_at=amendment.created_at,
        expires_at=amendment.expires_at,
        settled_at=amendment.settled_at,
    )


def render_amendment(state: OrderState) -> Reply:
    """Answer with the amendment that was just put on the table."""
    assert state.amendment is not None  # noqa: S101 - the decision has put it there
    view = amendment_read(state.amendment, state.order.currency, now=state.amendment.created_at)
    return Reply(status=201, body=view.__pydantic_serializer__.to_json(view))


def _version(version: TermsVersion, changed: list[str]) -> TermsVersionRead:
    terms = version.terms
    currency = terms["currency"]
    return TermsVersionRead(
        version=version.version,
        hash=version.hash,
        proposed_by=version.proposed_by,
        created_at=version.created_at,
        changed=changed,
        title=terms["title"],
        description=terms["description"],
        amount=MoneyOut(amount=terms["amount"], currency=currency),
        fees=fees_read(terms, currency),
        delivery_hours=terms["delivery_hours"],
        inspection_hours=terms["inspection_hours"],
        revisions=terms["revisions"],
        conditions=[_proposed(condition, currency) for condition in terms["conditions"]],
    )


def added_read(condition: Condition, currency: str) -> ProposedCondition:
    """Return what is agreed about a condition, without what became of it."""
    return _proposed({name: getattr(condition, name) for name in ProposedCondition.model_fields}, currency)


def _proposed(condition: Mapping[str, Any], currency: str) -> ProposedCondition:
    columns = {name: condition[name] for name in ProposedCondition.model_fields}
    if columns["amount"] is not None:
        columns["amount"] = MoneyOut(amount=columns["amount"], currency=currency)
    return ProposedCondition(**columns)


def fees_read(price: Mapping[str, Any], currency: str) -> FeesRead:
    """Return the price by its columns."""

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=currency)

    return FeesRead(
        buyer_share_bps=price["buyer_share_bps"],
        fee_buyer=money(price["fee_buyer"]),
        fee_seller=money(price["fee_seller"]),
        vat_buyer=money(price["vat_buyer"]),
        vat_seller=money(price["vat_seller"]),
        buyer_pays=money(price["amount"] + price["fee_buyer"] + price["vat_buyer"]),
        seller_receives=money(price["amount"] - price["fee_seller"] - price["vat_seller"]),
    )
