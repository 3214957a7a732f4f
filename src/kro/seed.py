"""What a new installation starts with: roles, fees, condition sets and, for development, the demo people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID

from kro.bootstrap import Application, build
from kro.core.auth.permissions import Role
from kro.core.config import Settings
from kro.kro_balance.domain import seed_fee_configuration, seed_tax_rules
from kro.order.domain import TEMPLATES, seed_templates

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)

FEES: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": UUID("01944d00-0000-7000-8000-000000000001"),
        "order_type": None,
        "currency": "NGN",
        "percent_bps": 250,
        "minimum": 10_000,
        "cap": 10_000_000,
        "effective_from": _START,
        "effective_to": None,
    },
)
"""2.5 %, at least ₦100 and at most ₦100,000."""

_LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")


def taxes(*, vat_bps: int) -> tuple[dict[str, Any], ...]:
    """Return the taxes of Nigeria: VAT on our fees, and ₦50 on electronic transfers of ₦10,000 and above.

    Finance Act 2019 (VAT since 2020-02-01); Nigeria Tax Act 2025 (stamp duty, owed by the sender since 2026-01-01).
    """
    return (
        {
            "id": UUID("01944d00-0000-7000-8000-000000000011"),
            "kind": "vat",
            "currency": "NGN",
            "rate_bps": vat_bps,
            "effective_from": datetime(2020, 2, 1, tzinfo=_LAGOS),
        },
        {
            "id": UUID("01944d00-0000-7000-8000-000000000012"),
            "kind": "stamp_duty",
            "currency": "NGN",
            "fixed_minor": 5_000,
            "threshold_minor": 1_000_000,
            "effective_from": datetime(2026, 1, 1, tzinfo=_LAGOS),
        },
    )


async def seed(settings: Settings) -> None:
    """Write everything that is missing; what is there already stays as it is."""
    application = build(settings)
    await application.open()
    try:
        await seed_fee_configuration(application.database, FEES)
        await seed_tax_rules(application.database, taxes(vat_bps=settings.fees.vat_bps))
        await application.base.tiers.seed()
        await seed_templates(application.database, TEMPLATES)
        await application.seeding.roles()
        await _seed_people(application)
    finally:
        await application.close()


async def _seed_people(application: Application) -> None:
    demo = application.settings.demo
    for user in demo.users:
        await application.seeding.user(
            phone=user.phone,
            password=user.password.get_secret_value(),
            first_name=user.first_name,
            last_name=user.last_name,
            email=user.email,
        )
    for admin in demo.admins:
        await application.seeding.admin(
            email=admin.email,
            name=admin.name,
            password=admin.password.get_secret_value(),
            role=Role(admin.role),
            totp_secret=admin.totp_secret.get_secret_value(),
        )
