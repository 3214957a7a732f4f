"""Who may do what: the catalogue the ``user_roles`` table is seeded from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kro.core.database.pool import Database


class Permission(StrEnum):
    USERS_READ = "users.read"
    USERS_READ_PERSONAL = "users.read_personal"
    USERS_SUSPEND = "users.suspend"
    USERS_NOTE = "users.note"
    USERS_SESSIONS = "users.sessions"
    USERS_VIEW_AS = "users.view_as"
    ROLES_READ = "roles.read"
    SETTINGS_READ = "settings.read"
    ORDERS_READ = "orders.read"
    DISPUTES_DECIDE = "disputes.decide"
    DISPUTES_ASSIGN = "disputes.assign"
    HOLDS_PLACE = "holds.place"
    PAYOUTS_READ = "payouts.read"
    PAYOUTS_APPROVE = "payouts.approve"
    PAYOUTS_RESOLVE = "payouts.resolve"
    REFUNDS_READ = "refunds.read"
    REFUNDS_REQUEST = "refunds.request"
    REFUNDS_APPROVE = "refunds.approve"
    LEDGER_READ = "ledger.read"
    FEES_READ = "fees.read"
    FEES_MANAGE = "fees.manage"
    ADMINS_MANAGE = "admins.manage"
    EXCEPTIONS_READ = "exceptions.read"
    EXCEPTIONS_PROPOSE = "exceptions.propose"
    EXCEPTIONS_APPROVE = "exceptions.approve"
    RECONCILIATION_MANAGE = "reconciliation.manage"
    REPORTS_READ = "reports.read"
    PROVIDERS_READ = "providers.read"
    PROVIDERS_MANAGE = "providers.manage"
    CHANNELS_READ = "channels.read"
    CHANNELS_MANAGE = "channels.manage"
    PAYERS_READ = "payers.read"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_REPLAY = "webhooks.replay"
    OUTBOX_READ = "outbox.read"
    OUTBOX_REPLAY = "outbox.replay"
    OUTBOX_DISCARD = "outbox.discard"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    MESSAGES_READ = "messages.read"
    TEMPLATES_MANAGE = "templates.manage"
    KYC_READ = "kyc.read"
    KYC_DECIDE = "kyc.decide"
    KYC_LIMITS = "kyc.limits"
    SANCTIONS_READ = "sanctions.read"
    SANCTIONS_DECIDE = "sanctions.decide"
    SANCTIONS_IMPORT = "sanctions.import"
    NOTIFICATIONS_READ = "notifications.read"


class Role(StrEnum):
    MEMBER = "member"
    SUPPORT = "support"
    DISPUTE = "dispute"
    FINANCE = "finance"
    APPROVER = "approver"
    COMPLIANCE = "compliance"
    SUPER = "super"


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    code: Role
    audience: str
    title: str
    permissions: frozenset[Permission] = frozenset()


_READ_ALL: Final = frozenset(
    {Permission.USERS_READ, Permission.ORDERS_READ, Permission.PAYOUTS_READ, Permission.REFUNDS_READ}
)
_OPERATE: Final = frozenset(
    {
        Permission.PROVIDERS_READ,
        Permission.PROVIDERS_MANAGE,
        Permission.CHANNELS_READ,
        Permission.CHANNELS_MANAGE,
        Permission.WEBHOOKS_READ,
        Permission.WEBHOOKS_REPLAY,
        Permission.OUTBOX_READ,
        Permission.OUTBOX_REPLAY,
        Permission.OUTBOX_DISCARD,
        Permission.SETTINGS_READ,
    }
)
_LOOK_AFTER: Final = frozenset({Permission.USERS_NOTE, Permission.USERS_SESSIONS, Permission.USERS_VIEW_AS})

ROLES: Final = (
    RoleDefinition(Role.MEMBER, "user", "Member"),
    RoleDefinition(
        Role.SUPPORT,
        "admin",
        "Support",
        _LOOK_AFTER | {Permission.USERS_READ, Permission.ORDERS_READ, Permission.NOTIFICATIONS_READ},
    ),
    RoleDefinition(
        Role.DISPUTE,
        "admin",
        "Dispute officer",
        _READ_ALL
        | {
            Permission.DISPUTES_DECIDE,
            Permission.REFUNDS_REQUEST,
            Permission.MESSAGES_READ,
            Permission.USERS_NOTE,
            Permission.USERS_VIEW_AS,
        },
    ),
    RoleDefinition(
        Role.FINANCE,
        "admin",
        "Finance",
        _READ_ALL
        | _OPERATE
        | {
            Permission.LEDGER_READ,
            Permission.PAYERS_READ,
            Permission.FEES_READ,
            Permission.FEES_MANAGE,
            Permission.PAYOUTS_RESOLVE,
            Permission.EXCEPTIONS_READ,
            Permission.EXCEPTIONS_PROPOSE,
            Permission.RECONCILIATION_MANAGE,
            Permission.REPORTS_READ,
        },
    ),
    RoleDefinition(
        Role.APPROVER,
        "admin",
        "Payout approver",
        frozenset(
            {
                Permission.PAYOUTS_READ,
                Permission.PAYOUTS_APPROVE,
                Permission.PAYOUTS_RESOLVE,
                Permission.REFUNDS_READ,
                Permission.REFUNDS_APPROVE,
                Permission.EXCEPTIONS_READ,
                Permission.EXCEPTIONS_APPROVE,
            }
        ),
    ),
    RoleDefinition(
        Role.COMPLIANCE,
        "admin",
        "Compliance",
        _READ_ALL
        | _LOOK_AFTER
        | {
            Permission.HOLDS_PLACE,
            Permission.USERS_READ_PERSONAL,
            Permission.USERS_SUSPEND,
            Permission.ROLES_READ,
            Permission.AUDIT_READ,
            Permission.AUDIT_EXPORT,
            Permission.EXCEPTIONS_READ,
            Permission.MESSAGES_READ,
            Permission.TEMPLATES_MANAGE,
            Permission.KYC_READ,
            Permission.KYC_DECIDE,
            Permission.KYC_LIMITS,
            Permission.SANCTIONS_READ,
            Permission.SANCTIONS_DECIDE,
            Permission.SANCTIONS_IMPORT,
            Permission.NOTIFICATIONS_READ,
        },
    ),
    RoleDefinition(Role.SUPER, "admin", "Administrator", frozenset(Permission)),
)

_SEED: Final = """
INSERT INTO user_roles AS r (code, audience, title, permissions)
SELECT n.code, n.audience, n.title, n.permissions
FROM jsonb_to_recordset($1::jsonb) AS n (code text, audience text, title text, permissions text[])
ON CONFLICT (code) DO UPDATE SET title = excluded.title, permissions = excluded.permissions
WHERE (r.title, r.permissions) IS DISTINCT FROM (excluded.title, excluded.permissions)"""


async def seed_roles(database: Database) -> None:
    """Bring the roles of the database to those of the code; safe to repeat."""
    roles = [
        {"code": role.code, "audience": role.audience, "title": role.title, "permissions": sorted(role.permissions)}
        for role in ROLES
    ]
    await database.execute(_SEED, roles)
