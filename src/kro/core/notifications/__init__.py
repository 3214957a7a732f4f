"""What people are told by SMS and mail, and how it reaches them from the outbox."""

from kro.core.notices import Channel, Template
from kro.core.notifications.account import LINK_PAGES, FormerContactTopic, LinkTopic, MailOTPTopic
from kro.core.notifications.alerts import AlertTopic
from kro.core.notifications.handover import HandoverTopic
from kro.core.notifications.inbox import Inbox, Notification, NotificationNotFoundError
from kro.core.notifications.invite import InviteTopic
from kro.core.notifications.late_reports import LateReports
from kro.core.notifications.log import LoggedNotice, NoticeLog
from kro.core.notifications.notify import NotifyTopic
from kro.core.notifications.otp import OTPTopic
from kro.core.notifications.preferences import PreferenceLockedError, PreferenceStore
from kro.core.notifications.previews import Previews, TemplateNotFoundError
from kro.core.notifications.words import InboxText, MailText, Templates

__all__ = [
    "LINK_PAGES",
    "AlertTopic",
    "Channel",
    "FormerContactTopic",
    "HandoverTopic",
    "Inbox",
    "InboxText",
    "InviteTopic",
    "LateReports",
    "LinkTopic",
    "LoggedNotice",
    "MailOTPTopic",
    "MailText",
    "NoticeLog",
    "Notification",
    "NotificationNotFoundError",
    "NotifyTopic",
    "OTPTopic",
    "PreferenceLockedError",
    "PreferenceStore",
    "Previews",
    "Template",
    "TemplateNotFoundError",
    "Templates",
]
