"""Who is told of what, by which channel, and how much it matters: every notice of the program has its row here.

A new notice takes a :class:`Template`, a row here, and its words in ``kro/core/notifications/templates``: in English
there and in Pidgin in ``pcm``. ``make docs`` puts it into ``docs/notifications.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kro.core.notices.words import Channel, Group, Reader, Template, Weight

T: Final = Template
_ALL: Final = (Channel.SMS, Channel.MAIL, Channel.IN_APP)
_QUIET: Final = (Channel.MAIL, Channel.IN_APP)
_BOTH: Final = (Reader.BUYER, Reader.SELLER)
_BUYER: Final = (Reader.BUYER,)
_SELLER: Final = (Reader.SELLER,)
_OWNER: Final = (Reader.OWNER,)


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of one template for one kind of reader."""

    template: Template
    reader: Reader
    group: Group
    weight: Weight
    channels: tuple[Channel, ...]


def _rows(
    group: Group,
    weight: Weight,
    readers: tuple[Reader, ...],
    *templates: Template,
    channels: tuple[Channel, ...] = _ALL,
) -> Iterator[Rule]:
    for template in templates:
        for reader in readers:
            yield Rule(template, reader, group, weight, channels)


RULES: Final[tuple[Rule, ...]] = (
    *_rows(
        Group.SECURITY,
        Weight.CRITICAL,
        _OWNER,
        T.BANK_ACCOUNT_ADDED,
        T.PASSWORD_CHANGED,
        T.CONTACT_CHANGED,
        T.TWO_FACTOR_ON,
        T.TWO_FACTOR_OFF,
        T.TWO_FACTOR_CODES_RENEWED,
        T.RECOVERY_CODE_USED,
        T.LOGIN_FROM_NEW_COUNTRY,
        T.ACCOUNT_CLOSED,
        T.DATA_EXPORT_READY,
        T.PAYOUT_REQUESTED,
        T.REFUND_REQUESTED,
        T.IDENTITY_VERIFIED,
        T.IDENTITY_REFUSED,
        T.TIER_CHANGED,
    ),
    *_rows(Group.SECURITY, Weight.CRITICAL, _BUYER, T.HANDOVER_CODE_LOCKED),
    *_rows(
        Group.MONEY,
        Weight.CRITICAL,
        _OWNER,
        T.PAYOUT_SETTLED,
        T.PAYOUT_FAILED,
        T.PAYOUT_RETURNED,
        T.REFUND_PROCESSED,
        T.REFUND_FAILED,
        T.BALANCE_CREDITED,
        T.BALANCE_DEBITED,
        T.CHARGEBACK_OPENED,
        T.CHARGEBACK_WON,
        T.CHARGEBACK_LOST,
        T.DEBT_REPAID,
        T.DEBT_WRITTEN_OFF,
    ),
    *_rows(Group.MONEY, Weight.CRITICAL, _SELLER, T.DEBT_REPAID),
    *_rows(Group.MONEY, Weight.CRITICAL, _BUYER, T.PAYMENT_RECEIVED),
    *_rows(
        Group.MONEY,
        Weight.CRITICAL,
        _BOTH,
        T.ORDER_FUNDED,
        T.ORDER_CLOSED,
        T.ORDER_REFUNDED,
        T.ORDER_SPLIT,
        T.ORDER_PARTLY_RELEASED,
        T.MILESTONE_RELEASED,
        T.ORDER_HELD,
        T.ORDER_RESUMED,
    ),
    *_rows(Group.MONEY, Weight.CRITICAL, _BUYER, T.ORDER_CONTESTED),
    *_rows(Group.SECURITY, Weight.CRITICAL, _OWNER, T.MAIL_UNDELIVERABLE, channels=(Channel.SMS, Channel.IN_APP)),
    *_rows(
        Group.DEADLINES,
        Weight.CRITICAL,
        _BOTH,
        T.DEADLINE_REMINDER,
        T.DELIVERY_OVERDUE,
        T.ORDER_EXPIRED,
        T.MILESTONE_UNCONFIRMED,
    ),
    *_rows(Group.DEADLINES, Weight.CRITICAL, _BUYER, T.ORDER_COMPLETED, T.MILESTONE_REMINDER),
    *_rows(
        Group.DISPUTES,
        Weight.CRITICAL,
        _BOTH,
        T.ISSUE_REPORTED,
        T.ISSUE_ANSWERED,
        T.ISSUE_WITHDRAWN,
        T.OFFER_MADE,
        T.OFFER_DECLINED,
        T.DISPUTE_OPENED,
        T.INFO_REQUESTED,
        T.DISPUTE_DECIDED,
        T.DISPUTE_APPEALED,
    ),
    *_rows(
        Group.ORDERS,
        Weight.IMPORTANT,
        _BOTH,
        T.ORDER_CREATED,
        T.ORDER_ACCEPTED,
        T.ORDER_DECLINED,
        T.ORDER_CANCELLED,
        T.CONDITION_CONFIRMED,
        T.INSPECTION_EXTENDED,
        T.TERMS_EDITED,
        T.TERMS_COUNTERED,
        T.AMENDMENT_PROPOSED,
        T.AMENDMENT_ACCEPTED,
        T.AMENDMENT_DECLINED,
        T.AMENDMENT_WITHDRAWN,
        T.AMENDMENT_LAPSED,
    ),
    *_rows(Group.ORDERS, Weight.IMPORTANT, _BUYER, T.CONDITION_SUBMITTED),
    *_rows(Group.ORDERS, Weight.IMPORTANT, _SELLER, T.CONDITION_REJECTED, T.CHANGES_REQUESTED),
    *_rows(Group.MESSAGES, Weight.INFORMATIVE, _BOTH, T.ORDER_MESSAGE, channels=_QUIET),
)

DIRECT: Final[dict[Template, tuple[Channel, ...]]] = {
    T.OTP: (Channel.SMS, Channel.MAIL),
    T.LOGIN_LINK: (Channel.SMS, Channel.MAIL),
    T.PASSWORD_RESET_LINK: (Channel.MAIL,),
    T.CONTACT_CHANGE_STARTED: (Channel.SMS, Channel.MAIL),
    T.STEP_UP: (Channel.SMS, Channel.MAIL),
    T.ADMIN_INVITE: (Channel.MAIL,),
    T.ADMIN_FACTOR_RESET: (Channel.MAIL,),
    T.HANDOVER_CODE: (Channel.SMS,),
    T.ORDER_INVITE: (Channel.SMS, Channel.MAIL),
}
"""Codes and links. They are no notices: each goes once, to one address, sealed until then, and is kept nowhere."""

_BY_KEY: Final = {(rule.template, rule.reader): rule for rule in RULES}


def rule_of(template: Template, reader: Reader) -> Rule:
    """Return the row of a notice.

    :raises KeyError: when the matrix does not know that such a reader is told that.
    """
    return _BY_KEY[template, reader]


def any_rule_of(template: Template) -> Rule:
    """Return a row of a template, for a message that was written before readers were told apart.

    :raises KeyError: when it is no notice.
    """
    for rule in RULES:
        if rule.template is template:
            return rule
    raise KeyError(template)
