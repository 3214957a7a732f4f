"""What people are told: one matrix of events, readers and channels, and the message each notice begins as. Pure."""

from kro.core.notices.choices import Preferences, QuietHours, Reach, Skip, Way, ways_to_reach
from kro.core.notices.matrix import DIRECT, RULES, Rule, any_rule_of, rule_of
from kro.core.notices.message import NOTIFY_TOPIC, Receipt, notice
from kro.core.notices.page import notices_page
from kro.core.notices.words import Channel, Group, Language, Reader, Template, Weight

__all__ = [
    "DIRECT",
    "NOTIFY_TOPIC",
    "RULES",
    "Channel",
    "Group",
    "Language",
    "Preferences",
    "QuietHours",
    "Reach",
    "Reader",
    "Receipt",
    "Rule",
    "Skip",
    "Template",
    "Way",
    "Weight",
    "any_rule_of",
    "notice",
    "notices_page",
    "rule_of",
    "ways_to_reach",
]
