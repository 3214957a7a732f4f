from __future__ import annotations

import base64
import hashlib
import json

import pytest


def _random_key(purpose: str) -> str:
    return base64.b64encode(hashlib.sha256(purpose.encode()).digest()).decode()


@pytest.fixture
def production() -> dict[str, str]:
    """The environment variables of a production process in which nothing is wrong."""
    return {
        "KRO_ENV": "production",
        "KRO_PUBLIC_BASE_URL": "https://api.krotrust.com",
        "KRO_DATABASE_HOST": "db.internal",
        "KRO_DATABASE_OWNER_USERNAME": "kro_owner",
        "KRO_DATABASE_OWNER_PASSWORD": "k3Vn8QzW1xPq7Lr2",
        "KRO_DATABASE_APP_USERNAME": "kro_app",
        "KRO_DATABASE_APP_PASSWORD": "z9Tb4MfH6sJd0Yc5",
        "KRO_JWT_USER_KEYS": json.dumps([{"kid": "u2", "secret": _random_key("user")}]),
        "KRO_JWT_ADMIN_KEYS": json.dumps([{"kid": "a2", "secret": _random_key("admin")}]),
        "KRO_OTP_KEY": _random_key("otp"),
        "KRO_CURSOR_KEY": _random_key("cursor"),
        "KRO_ORDER_CODE_KEY": _random_key("order code"),
        "KRO_PAGE_SIGNING_KEY": _random_key("page signing"),
        "KRO_BLIND_INDEX_KEY": _random_key("blind"),
        "KRO_ENCRYPTION_KEYS": json.dumps({"e2": _random_key("encryption")}),
        "KRO_ACTIVE_ENCRYPTION_KEY_ID": "e2",
        "KRO_STORAGE_SIGNING_KEY": _random_key("files"),
        "KRO_PAYSTACK_SECRET_KEY": "sk_live_8f3c1d7a9b2e4f605182",
        "KRO_TERMII_API_KEY": "TLq8w3e7r1t5y9u2i6o4p0a",
        "KRO_SENDGRID_API_KEY": "SG.q8w3e7r1t5y9u2i6o4p0",
        "KRO_SENDGRID_FROM_EMAIL": "no-reply@krotrust.com",
        "KRO_ALERTS_EMAIL": "operations@krotrust.com",
    }
