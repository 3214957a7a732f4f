"""The door of management."""

from kro.management.database.accounts import UserAccounts
from kro.management.database.admins import AdminAccounts
from kro.management.database.bank_accounts import BankAccountStore
from kro.management.database.payouts import PayoutBasisStore
from kro.management.database.records import AdminView, BankAccount, Match, UserView
from kro.management.domain.accounts import Accounts
from kro.management.domain.admin_access import AdminAccess, AdminLoggedIn
from kro.management.domain.bank_accounts import AccountNumber, BankAccounts
from kro.management.domain.banks import Banks
from kro.management.domain.logins import LoggedIn, Logins
from kro.management.domain.profiles import Profiles
from kro.management.domain.registration import Register, Registration
from kro.management.domain.request_payout import PayoutRequests
from kro.management.domain.seeding import Seeding

__all__ = [
    "AccountNumber",
    "Accounts",
    "AdminAccess",
    "AdminAccounts",
    "AdminLoggedIn",
    "AdminView",
    "BankAccount",
    "BankAccountStore",
    "BankAccounts",
    "Banks",
    "LoggedIn",
    "Logins",
    "Match",
    "PayoutBasisStore",
    "PayoutRequests",
    "Profiles",
    "Register",
    "Registration",
    "Seeding",
    "UserAccounts",
    "UserView",
]
