from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from kro.core.config import ConfigError, Settings, check_config, load_settings


@pytest.fixture
def secrets(production: dict[str, str]) -> list[str]:
    """Every secret of the production process, as it is given and as it is held."""
    plain = [
        production[name]
        for name in production
        if name.endswith(("_PASSWORD", "_KEY", "_API_KEY", "SECRET_KEY")) and name != "KRO_ACTIVE_ENCRYPTION_KEY_ID"
    ]
    plain += [key["secret"] for name in ("USER", "ADMIN") for key in json.loads(production[f"KRO_JWT_{name}_KEYS"])]
    plain += json.loads(production["KRO_ENCRYPTION_KEYS"]).values()
    decoded = [repr(base64.b64decode(text))[2:-1] for text in plain if text.endswith("=")]
    assert len(plain) >= 11
    assert len(decoded) == 9
    return plain + decoded


def test_no_secret_shows_in_any_form_of_the_settings(production: dict[str, str], secrets: list[str]) -> None:
    settings = load_settings(environ=production)

    shown = [repr(settings), str(settings), repr(settings.model_dump()), settings.model_dump_json()]

    assert isinstance(settings, Settings)
    assert [secret for secret in secrets for text in shown if secret in text] == []


def test_the_report_shows_values_but_no_secret(production: dict[str, str], secrets: list[str]) -> None:
    report = check_config(environ=production)

    text = report.render()

    assert report.is_usable
    assert text.endswith("No problems.")
    assert '"https://api.krotrust.com"  ($KRO_PUBLIC_BASE_URL)' in text
    assert [secret for secret in secrets if secret in text] == []


def test_the_report_of_a_broken_configuration_shows_no_secret_either(
    production: dict[str, str], secrets: list[str], tmp_path: Path
) -> None:
    (tmp_path / "production.json").write_text(
        json.dumps({"stripe": {"key": "canary-1"}, "paystack": {"secret": "canary-2", "webhookSecrets": ["canary-3"]}})
    )

    report = check_config(directory=tmp_path, environ=production)

    assert not report.is_usable
    assert "PROBLEM stripe: is not a known key" in report.render()
    assert [secret for secret in [*secrets, "canary"] if secret in report.render()] == []


def test_the_error_and_its_traceback_hold_no_value(production: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_settings(environ=production | {"KRO_OTP_KEY": "canary-of-a-key"})

    assert refusal.value.problems == (
        "security.otpKey: must be 32 random bytes in base64 (make one with: openssl rand -base64 32)",
    )
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_settings_cannot_be_changed_after_start() -> None:
    settings = load_settings(environ={})

    with pytest.raises(ValueError, match="frozen"):
        settings.otp.max_tries = 1000
