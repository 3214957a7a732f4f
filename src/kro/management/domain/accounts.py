from __future__ import annotations

from dataclasses import dataclass

from kro.management.domain.closing import AccountClosing
from kro.management.domain.contact_changes import ContactChanges
from kro.management.domain.data_exports import DataExports
from kro.management.domain.logins import Logins
from kro.management.domain.passwords import Passwords
from kro.management.domain.profiles import Profiles
from kro.management.domain.registration import Registration
from kro.verification.domain import AccountLinks


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything a user does with an account of their own."""

    registration: Registration
    logins: Logins
    profiles: Profiles
    passwords: Passwords
    contacts: ContactChanges
    closing: AccountClosing
    exports: DataExports
    links: AccountLinks
