from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kro.core.config import ConfigError, Environment, check_config, load_settings


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(content))


def origin_of(path: str, *, directory: Path | None, environ: dict[str, str]) -> str:
    report = check_config(environment="test", directory=directory, environ=environ)
    return next(entry.origin for entry in report.entries if entry.path == path)


class TestEnvironmentName:
    def test_is_local_when_nothing_says_otherwise(self) -> None:
        assert load_settings(environ={}).app.env is Environment.LOCAL

    def test_kro_env_wins_over_node_env(self) -> None:
        settings = load_settings(environ={"KRO_ENV": "test", "NODE_ENV": "dev"})

        assert settings.app.env is Environment.TEST

    def test_node_env_is_honored(self) -> None:
        assert load_settings(environ={"NODE_ENV": "dev"}).app.env is Environment.DEV

    def test_an_argument_wins_over_the_environment(self) -> None:
        assert load_settings(environment="test", environ={"KRO_ENV": "dev"}).app.env is Environment.TEST

    def test_an_unknown_name_is_refused_with_the_known_ones(self) -> None:
        with pytest.raises(ConfigError, match=r"no environment named 'prod'; use one of local, .*production"):
            load_settings(environ={"KRO_ENV": "prod"})


class TestLayers:
    def test_each_layer_wins_over_the_one_before(self, tmp_path: Path) -> None:
        write(tmp_path, "default.json", {"otp": {"maxTries": 7, "ttlSeconds": 200}, "worker": {"batch": 7}})
        write(tmp_path, "test.json", {"otp": {"maxTries": 8}, "app": {"api": {"port": 3008}}})

        settings = load_settings(environment="test", directory=tmp_path, environ={"KRO_API_PORT": "3009"})

        assert settings.otp.sends_per_day == 10  # the repository's default.json
        assert settings.logging.level == "warning"  # the repository's test.json
        assert settings.otp.ttl_seconds == 200  # the external default.json
        assert settings.otp.max_tries == 8  # the external test.json
        assert settings.app.api.port == 3009  # the environment variable

    def test_a_list_replaces_instead_of_growing(self, tmp_path: Path) -> None:
        write(tmp_path, "test.json", {"payouts": {"pollSeconds": [5]}})

        settings = load_settings(environment="test", directory=tmp_path, environ={})

        assert settings.payouts.poll_seconds == (5,)

    @pytest.mark.parametrize("variable", ["KRO_CONFIG_DIR", "NODE_CONFIG_DIR"])
    def test_the_external_folder_is_found_by_variable(self, tmp_path: Path, variable: str) -> None:
        write(tmp_path, "test.json", {"worker": {"batch": 3}})

        settings = load_settings(environment="test", environ={variable: str(tmp_path)})

        assert settings.worker.batch == 3

    def test_an_external_folder_without_any_of_our_files_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"KRO_CONFIG_DIR: .* holds none of default\.json, test\.json"):
            load_settings(environment="test", environ={"KRO_CONFIG_DIR": str(tmp_path)})

    def test_the_external_folder_may_map_variables_of_its_own(self, tmp_path: Path) -> None:
        write(tmp_path, "custom-environment-variables.json", {"worker": {"batch": "QUEUE_BATCH"}})

        settings = load_settings(environment="test", directory=tmp_path, environ={"QUEUE_BATCH": "11"})

        assert settings.worker.batch == 11

    def test_the_report_names_the_layer_of_each_value(self, tmp_path: Path) -> None:
        write(tmp_path, "test.json", {"worker": {"batch": 3}})
        environ = {"KRO_API_PORT": "3009"}

        assert origin_of("otp.maxTries", directory=tmp_path, environ=environ) == "default.json"
        assert origin_of("logging.level", directory=tmp_path, environ=environ) == "test.json"
        assert origin_of("worker.batch", directory=tmp_path, environ=environ) == f"test.json in {tmp_path}"
        assert origin_of("app.api.port", directory=tmp_path, environ=environ) == "$KRO_API_PORT"
        assert origin_of("jwt.user.keys.0.kid", directory=tmp_path, environ=environ) == "test.json"


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            ("{", r"test\.json: is not valid JSON \(.*line 1\)"),
            ("[]", r"test\.json: must hold a JSON object"),
            ('{"worker": {"batch": 1, "batch": 2}}', "the key batch appears twice"),
        ],
    )
    def test_a_broken_file_is_named(self, tmp_path: Path, content: str, complaint: str) -> None:
        (tmp_path / "test.json").write_text(content)

        with pytest.raises(ConfigError, match=complaint):
            load_settings(environment="test", directory=tmp_path, environ={})

    def test_the_shipped_files_are_found_from_anywhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

        assert load_settings(environ={}).app.api.port == 3000


class TestEnvironmentVariables:
    def test_text_stays_text_where_text_is_wanted(self) -> None:
        environ = {"KRO_DATABASE_EMBEDDED": "false", "KRO_DATABASE_HOST": "10", "KRO_DATABASE_APP_USERNAME": "1"}
        environ |= {"KRO_DATABASE_APP_PASSWORD": "2", "KRO_DATABASE_OWNER_USERNAME": "3"}
        environ |= {"KRO_DATABASE_OWNER_PASSWORD": "4"}

        database = load_settings(environment="test", environ=environ).database

        assert not database.embedded
        assert database.host == "10"
        assert database.app is not None
        assert database.app.password.get_secret_value() == "2"

    def test_an_empty_variable_counts_as_absent(self) -> None:
        assert load_settings(environment="test", environ={"KRO_API_PORT": ""}).app.api.port == 3000

    def test_a_wrong_type_is_refused_by_path(self) -> None:
        with pytest.raises(ConfigError) as refusal:
            load_settings(environment="test", environ={"KRO_API_PORT": "80x"})

        assert refusal.value.problems == ("app.api.port: input should be a valid integer",)

    def test_a_json_variable_fills_a_list(self) -> None:
        environ = {"KRO_ALLOWED_ORIGINS": '["https://app.krotrust.com"]'}

        assert load_settings(environment="test", environ=environ).app.allowed_origins == ("https://app.krotrust.com",)

    def test_broken_json_is_refused_without_quoting_it(self) -> None:
        with pytest.raises(ConfigError) as refusal:
            load_settings(environment="test", environ={"KRO_JWT_USER_KEYS": "[secret-canary"})

        assert refusal.value.problems == (
            "jwt.user.keys: the environment variable KRO_JWT_USER_KEYS is not valid JSON",
        )


class TestPredecessorFiles:
    def test_a_predecessors_file_loads(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            "dev.json",
            {
                "database": {
                    "host": "db.internal",
                    "database": "krotrust",
                    "username": "own",
                    "password": "p4ssw0rd-x",
                },
                "twilio": {"accountSid": "AC1", "authToken": "t", "phoneNumber": "+15005550006"},
                "telnyx": {"apiKey": "KEY1", "messagingProfileId": "m"},
                "fincra": {"apiKey": "k", "publicKey": "p", "businessId": "b", "webhookSecret": "w"},
                "providus": {"clientId": "c", "clientSecret": "s", "username": "u", "password": "p"},
                "aws": {"accessKeyId": "a", "secretAccessKey": "s", "region": "eu-west-1", "bucketName": "kro"},
                "highlight": {"projectId": "1"},
            },
        )

        settings = load_settings(environment="dev", directory=tmp_path, environ={})

        assert settings.database.name == "krotrust"
        assert settings.database.owner is not None
        assert settings.database.owner.username == "own"
        assert settings.database.owner.password.get_secret_value() == "p4ssw0rd-x"
        assert settings.twilio is not None
        assert settings.twilio.from_number == "+15005550006"
        assert settings.aws is not None
        assert settings.aws.bucket == "kro"
        assert settings.providus is not None
        assert settings.providus.user_name == "u"
        assert [one.get_secret_value() for one in settings.providus.accepted_webhook_secrets] == ["s"]
        assert settings.providus.dynamic_account_seconds == 600
        assert settings.highlight.project_id == "1"
        assert load_settings(environment="dev", environ={}).aws is None
