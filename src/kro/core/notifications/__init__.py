"""What people are told by SMS and mail, and how it reaches them from the outbox."""

from kro.core.notices import Channel, Template
from kro.core.notifications.account import LINK_PAGES, LinkTopic, MailOTPTopic
from kro.core.notifications.alerts import AlertTopic
from kro.core.notifications.handover import HandoverTopic
from kro.core.notifications.invite import InviteTopic
from kro.core.notifications.notify import NotifyTopic
from kro.core.notifications.otp import OTPTopic
from kro.core.notifications.words import MailText, Templates

__all__ = [
    "LINK_PAGES",
    "AlertTopic",
    "Channel",
    "HandoverTopic",
    "InviteTopic",
    "LinkTopic",
    "MailOTPTopic",
    "MailText",
    "NotifyTopic",
    "OTPTopic",
    "Template",
    "Templates",
]
