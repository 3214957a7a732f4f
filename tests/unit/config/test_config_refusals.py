from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from kro.core.config import ConfigError, Environment, load_settings
from kro.core.config.guard import refusals
from kro.core.config.shape import leaves


def problems(environ: dict[str, str], *, directory: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refusal:
        load_settings(directory=directory, environ=environ)
    return refusal.value.problems


def external(folder: Path, name: str, content: dict[str, Any]) -> Path:
    (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


class TestEverythingAtOnce:
    def test_one_error_lists_every_problem_by_path(self, tmp_path: Path) -> None:
        directory = external(
            tmp_path,
            "production",
            {
                "paystack": {"secretKey": "sk_test_kro_sandbox_0000000000000000000000", "secretkey": "canary-1"},
                "otp": {"maxTries": "canary-2"},
                "unheardOf": {"password": "canary-3"},
            },
        )

        found = problems({"KRO_ENV": "production"}, directory=directory)

        assert "paystack.secretKey: is a placeholder or a known development secret" in found
        assert "paystack.secretkey: is not a known key; did you mean secretKey?" in found
        assert "otp.maxTries: input should be a valid integer" in found
        assert "unheardOf: is not a known key" in found
        assert "jwt.user.keys: is missing" in found
        assert "security.otpKey: is missing" in found
        assert "termii.apiKey: is missing" in found
        assert not any("canary" in problem for problem in found)

    def test_the_error_says_which_configuration_it_is_about(self) -> None:
        with pytest.raises(ConfigError, match="The production configuration cannot be used:\n  "):
            load_settings(environ={"KRO_ENV": "production"})

    def test_snake_case_is_not_accepted_in_files(self, tmp_path: Path) -> None:
        directory = external(tmp_path, "test", {"app": {"public_base_url": "https://krotrust.com"}})

        found = problems({"KRO_ENV": "test"}, directory=directory)

        assert found == ("app.public_base_url: is not a known key; did you mean publicBaseUrl?",)


class TestValues:
    @pytest.mark.parametrize(
        ("group", "path"),
        [
            ({"app": {"publicBaseUrl": "ftp://krotrust.com"}}, "app.publicBaseUrl"),
            ({"app": {"publicBaseUrl": "https://krotrust.com/"}}, "app.publicBaseUrl"),
            ({"app": {"allowedOrigins": ["*"]}}, "app.allowedOrigins.0"),
            ({"app": {"allowedOrigins": ["https://krotrust.com/app"]}}, "app.allowedOrigins.0"),
            ({"app": {"api": {"port": 70000}}}, "app.api.port"),
            ({"app": {"api": {"port": "3000"}}}, "app.api.port"),
            ({"otp": {"ttlSeconds": 601}}, "otp.ttlSeconds"),
            ({"fees": {"vatBps": 7.5}}, "fees.vatBps"),
            ({"fees": {"vatBps": -1}}, "fees.vatBps"),
            ({"payouts": {"pollSeconds": []}}, "payouts.pollSeconds"),
            (
                {"kyc": {"tiers": [{"tier": 1, "orderMaxMinor": 1, "payoutMaxMinor": 1, "payoutDayMaxMinor": 1}]}},
                "kyc",
            ),
            ({"security": {"otpKey": "c2hvcnQ="}}, "security.otpKey"),
            ({"security": {"activeEncryptionKeyId": "e9"}}, "security"),
            ({"database": {"host": "db.internal"}}, "database"),
            ({"database": {"embedded": False}}, "database"),
            ({"jwt": {"admin": {"issuer": "kro"}}}, "jwt"),
            ({"storage": {"signingKey": "c2hvcnQ="}}, "storage.signingKey"),
            ({"evidence": {"maxBytes": 104_857_601}}, "evidence.maxBytes"),
            ({"evidence": {"completeMinutes": 14}}, "evidence"),
            ({"aws": {"bucket": "kro", "region": "eu-west-1", "accessKeyId": "a"}}, "aws"),
            ({"aws": {"addressing": "auto"}}, "aws.addressing"),
            ({"jwt": {"user": {"keys": []}}}, "jwt.user.keys"),
        ],
    )
    def test_a_value_out_of_bounds_is_refused_by_path(self, tmp_path: Path, group: dict[str, Any], path: str) -> None:
        found = problems({"KRO_ENV": "test"}, directory=external(tmp_path, "test", group))

        assert [problem.partition(":")[0] for problem in found] == [path]

    @pytest.mark.parametrize("name", ["KRO_CURSOR_KEY", "KRO_STORAGE_SIGNING_KEY"])
    def test_the_same_key_for_two_purposes_is_refused(self, production: dict[str, str], name: str) -> None:
        found = problems(production | {name: production["KRO_OTP_KEY"]})

        assert found == ("configuration: every key under jwt, security and storage must be a different one",)

    def test_files_need_a_place(self, production: dict[str, str]) -> None:
        del production["KRO_STORAGE_SIGNING_KEY"]

        assert problems(production) == (
            "configuration: files need a place: give aws.bucket, or storage.signingKey to keep them in storage.folder",
        )

    def test_a_threshold_of_proofs_out_of_everybodys_reach_is_refused(
        self, production: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "production.json").write_text('{"stepUp": {"aboveMinor": {"NGN": 500000001}}}')

        found = problems(production, directory=tmp_path)

        assert any("stepUp.aboveMinor.NGN" in problem and "prove" in problem for problem in found), found

    def test_records_are_kept_as_long_as_the_law_asks(self, production: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "production.json").write_text('{"accounts": {"eraseDays": 1824}}')

        assert any("accounts.eraseDays" in problem for problem in problems(production, directory=tmp_path))

    def test_a_bucket_is_one(self, production: dict[str, str]) -> None:
        del production["KRO_STORAGE_SIGNING_KEY"]
        bucket = {
            "KRO_AWS_BUCKET": "kro-evidence",
            "KRO_AWS_REGION": "fra1",
            "KRO_AWS_ENDPOINT": "https://fra1.digitaloceanspaces.com",
            "KRO_AWS_ACCESS_KEY_ID": "DO00Q8W3E7R1T5Y9U2I6",
            "KRO_AWS_SECRET_ACCESS_KEY": "q8w3e7r1t5y9u2i6o4p0a1s2d3f4g5h6",
        }

        settings = load_settings(environ=production | bucket)

        assert settings.aws is not None
        assert (settings.aws.bucket, settings.aws.addressing) == ("kro-evidence", "virtual")

    def test_every_tier_needs_a_limit_of_automatic_approval(self, tmp_path: Path) -> None:
        group = {"payouts": {"autoApproveBelowMinor": [0, 0]}}

        found = problems({"KRO_ENV": "test"}, directory=external(tmp_path, "test", group))

        assert found == ("configuration: payouts.autoApproveBelowMinor must name a limit for each tier of kyc.tiers",)

    def test_nothing_that_needs_two_people_is_approved_by_rule(self, tmp_path: Path) -> None:
        group = {"payouts": {"autoApproveBelowMinor": [0, 0, 0, 100_000_001]}}

        found = problems({"KRO_ENV": "test"}, directory=external(tmp_path, "test", group))

        assert found == ("configuration: payouts.autoApproveBelowMinor must not pass payouts.secondApproverAboveMinor",)

    def test_owner_and_application_must_be_different_roles(self, production: dict[str, str]) -> None:
        found = problems(production | {"KRO_DATABASE_APP_USERNAME": "kro_owner"})

        assert found == ("database: owner and app must be two different roles",)

    def test_a_third_signing_key_is_refused(self, production: dict[str, str]) -> None:
        key = json.loads(production["KRO_JWT_USER_KEYS"])[0]["secret"]
        keys = json.dumps([{"kid": kid, "secret": key} for kid in ("u1", "u2", "u3")])

        assert problems(production | {"KRO_JWT_USER_KEYS": keys})[0].startswith("jwt.user.keys: ")


class TestGuardedEnvironments:
    def test_a_complete_production_configuration_is_accepted(self, production: dict[str, str]) -> None:
        settings = load_settings(environ=production)

        assert settings.app.env is Environment.PRODUCTION
        assert len(settings.security.otp_key.get_secret_value()) == 32
        assert settings.database.ssl

    @pytest.mark.parametrize(
        ("variable", "value", "path"),
        [
            ("KRO_PAYSTACK_SECRET_KEY", "sk_test_8f3c1d7a9b2e4f605182", "paystack.secretKey"),
            ("KRO_PAYSTACK_SECRET_KEY", "changeme-please-now", "paystack.secretKey"),
            ("KRO_PAYSTACK_SECRET_KEY", "", "paystack.secretKey"),
            ("KRO_TERMII_API_KEY", "TL_kro_sandbox_0000000000000000000000", "termii.apiKey"),
            ("KRO_TERMII_API_KEY", "aaaaaaaaaaaaaaaaaaaaaaaa", "termii.apiKey"),
            ("KRO_SENDGRID_API_KEY", "<your key>", "sendGrid.apiKey"),
            ("KRO_SENDGRID_API_KEY", "password", "sendGrid.apiKey"),
            ("KRO_DATABASE_APP_PASSWORD", "postgres", "database.app.password"),
            ("KRO_OTP_KEY", base64.b64encode(b"kro-local-only-otp-0000000000000").decode(), "security.otpKey"),
            ("KRO_OTP_KEY", base64.b64encode(bytes(range(8)) * 4).decode(), "security.otpKey"),
            ("KRO_PUBLIC_BASE_URL", "http://api.krotrust.com", "app.publicBaseUrl"),
            ("KRO_PUBLIC_BASE_URL", "https://127.0.0.1:3000", "app.publicBaseUrl"),
            ("KRO_PUBLIC_BASE_URL", "https://api.kro.example", "app.publicBaseUrl"),
            ("KRO_PAYSTACK_BASE_URL", "http://127.0.0.1:4000/paystack", "paystack.baseUrl"),
            ("KRO_ALLOWED_ORIGINS", '["http://app.krotrust.com"]', "app.allowedOrigins.0"),
            ("KRO_SANDBOX_ENABLED", "true", "sandbox.enabled"),
            ("KRO_LOG_FORMAT", "console", "logging.format"),
        ],
    )
    def test_what_is_known_or_unsafe_is_refused(
        self, production: dict[str, str], variable: str, value: str, path: str
    ) -> None:
        found = problems(production | {variable: value})

        assert [problem.partition(":")[0] for problem in found] == [path]
        assert not value or value not in found[0]

    def test_the_embedded_server_is_refused(self, production: dict[str, str]) -> None:
        del production["KRO_DATABASE_HOST"]

        found = problems(production | {"KRO_DATABASE_EMBEDDED": "true"})

        assert found == ("database.embedded: the embedded server is for development; give a url or a host",)

    @pytest.mark.parametrize("people", ["users", "admins"])
    def test_demo_people_are_refused_whatever_their_passwords(
        self, production: dict[str, str], tmp_path: Path, people: str
    ) -> None:
        directory = external(tmp_path, "production", {"demo": {people: [{"password": "q8Zr4TnB1vXc6Lm3"}]}})

        assert any(problem.startswith("demo: ") for problem in problems(production, directory=directory))

    def test_a_password_inside_a_url_is_looked_at(self, production: dict[str, str]) -> None:
        found = problems(production | {"KRO_DATABASE_URL": "postgresql://kro_owner:changeme@db.internal/kro"})

        assert found == ("database.url: is a placeholder or a known development secret",)

    @pytest.mark.parametrize("environment", ["stage", "preprod"])
    def test_vendors_test_keys_serve_before_production(self, production: dict[str, str], environment: str) -> None:
        environ = production | {"KRO_ENV": environment, "KRO_PAYSTACK_SECRET_KEY": "sk_test_8f3c1d7a9b2e4f605182"}

        assert load_settings(environ=environ).app.env == environment

    @pytest.mark.parametrize("environment", [Environment.STAGE, Environment.PREPROD, Environment.PRODUCTION])
    @pytest.mark.parametrize("committed", ["local", "dev", "test"])
    def test_every_secret_committed_to_the_repository_is_refused(
        self, environment: Environment, committed: str
    ) -> None:
        tree = json.loads((Path(__file__).parents[3] / "config" / f"{committed}.json").read_text())
        secrets = {leaf.path for leaf in leaves(tree) if leaf.secret}

        refused = {path for path, _ in refusals(tree, environment=environment)}

        assert len(secrets) >= 9
        assert secrets <= refused


@pytest.mark.parametrize("key", ["siteKey", "secretKey"])
def test_the_published_captcha_keys_pass_everybody_and_are_refused(key: str) -> None:
    published = {
        "siteKey": "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI",
        "secretKey": "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    }
    tree = {"captcha": {key: published[key]}}

    found = dict(refusals(tree, environment=Environment.STAGE))

    assert found[("captcha", key)] == "is a published test credential"
    assert list(refusals(tree, environment=Environment.LOCAL)) == []
