"""The vocabulary of an order's thread."""

from __future__ import annotations

from enum import StrEnum


class Author(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    ADMIN = "admin"


class MessageWarning(StrEnum):
    """What a message was found to hold; the sender is told, and so is the other party."""

    EMAIL_ADDRESS = "email_address"
    MESSENGER = "messenger"
    PAYMENT_LINK = "payment_link"
    PHONE_NUMBER = "phone_number"
    ACCOUNT_NUMBER = "account_number"
    OFF_PLATFORM_PAYMENT = "off_platform_payment"


class ReportCategory(StrEnum):
    """What a user reports a message of the other party for."""

    OFF_PLATFORM_PAYMENT = "off_platform_payment"
    FRAUD = "fraud"
    ABUSE = "abuse"
    THREAT = "threat"
    SPAM = "spam"
    OTHER = "other"
