"""What the image, the compose file and their scripts promise to each other; building and starting them needs Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kro.bootstrap import build
from kro.core.config import load_settings
from socket_crowd import ROOT

PASSWORDS = {"POSTGRES_PASSWORD": "a", "KRO_DATABASE_OWNER_PASSWORD": "b", "KRO_DATABASE_APP_PASSWORD": "c"}
COMPOSE = shutil.which("docker-compose")
OPENSSL = shutil.which("openssl")


def stages() -> tuple[str, str]:
    """Return the stages that build and the stage that runs."""
    _, packages, build, run = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return packages + build, run


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


class TestImage:
    def test_everything_it_takes_exists_and_is_let_through(self) -> None:
        copies = re.findall(r"^COPY (?!--)(.*)$", stages()[0], flags=re.MULTILINE)
        taken = {source for copy in copies for source in copy.split()[:-1]}
        let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

        assert taken == let_through == {"pyproject.toml", "uv.lock", "README.md", "config", "migrations", "src"}
        assert all((ROOT / source).exists() for source in taken)

    def test_what_runs_has_nothing_of_what_builds_and_is_nobody_in_particular(self) -> None:
        _, run = stages()

        assert re.findall(r"^COPY (.*)$", run, flags=re.MULTILINE) == [
            "--from=packages /opt/kro /opt/kro",
            "--from=build /opt/kro-program /opt/kro-program",
        ]
        assert "USER kro" in run
        assert "pip" not in run
        assert not re.search(r"apt|/tools|\buv\b", run)

    def test_it_is_installed_with_the_program_that_wrote_the_lock_file(self) -> None:
        [wanted] = re.findall(r"^UV_VERSION := (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

        assert f"ARG UV_VERSION={wanted}\n" in stages()[0]

    def test_wheels_carry_what_the_program_looks_for_beside_itself(self) -> None:
        project = (ROOT / "pyproject.toml").read_text()

        assert '"config" = "kro/config"\n"migrations" = "kro/migrations"\n' in project

    def test_its_health_check_asks_where_it_listens(self) -> None:
        [check] = re.findall(r'CMD (\["python".*\])$', stages()[1], flags=re.MULTILINE)
        _, _, program = json.loads(check)

        compile(program, "health check", "exec")
        assert f"'127.0.0.1', {load_settings(environment='local', environ={}).app.api.port}," in program


class TestCompose:
    def test_one_of_two_processes_is_there_while_the_other_is_replaced(self, compose: dict[str, Any]) -> None:
        services, upstream = compose["services"], (ROOT / "nginx" / "upstream.conf").read_text()
        addresses = {name: services[name]["networks"]["inside"]["ipv4_address"] for name in ("backend", "standby")}

        assert services["nginx"]["extra_hosts"] == [f"{name}:{address}" for name, address in addresses.items()]
        assert re.findall(r"^    server (\S+) ", upstream, flags=re.MULTILINE) == ["backend:3000", "standby:3000"]
        assert services["standby"]["depends_on"] == {"backend": {"condition": "service_healthy"}}

    def test_nginx_is_the_one_proxy_that_is_trusted(self, compose: dict[str, Any]) -> None:
        trusted = compose["x-process"]["environment"]["KRO_TRUSTED_PROXIES"]
        address = compose["services"]["nginx"]["networks"]["inside"]["ipv4_address"]

        assert trusted == f'["{address}/32"]'

    def test_the_schema_comes_before_the_processes(self, compose: dict[str, Any]) -> None:
        services = compose["services"]

        assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        for name in ("backend", "worker"):
            assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}

    def test_what_uses_the_database_is_stopped_before_it(self, compose: dict[str, Any]) -> None:
        # Compose knows no way through a container that has ended.
        for name in ("backend", "worker"):
            assert compose["services"][name]["depends_on"]["postgres"] == {"condition": "service_healthy"}

    def test_a_process_is_given_the_time_it_takes_to_end(self, compose: dict[str, Any]) -> None:
        settings = json.loads((ROOT / "config" / "default.json").read_text())
        api, patience = settings["app"]["api"], int(compose["x-process"]["stop_grace_period"].removesuffix("s"))

        assert patience > api["drainSeconds"] + api["stopSeconds"]
        assert patience > settings["worker"]["stopSeconds"]
        upstream = (ROOT / "nginx" / "upstream.conf").read_text()
        [resting] = re.findall(r"^    keepalive_timeout (\d+)s;", upstream, re.MULTILINE)
        assert int(resting) < api["drainSeconds"]

    def test_nginx_may_open_what_it_asks_for_and_is_given_the_time_it_takes_to_end(
        self, compose: dict[str, Any]
    ) -> None:
        service, own = compose["services"]["nginx"], (ROOT / "nginx" / "nginx.conf").read_text()
        [files], [seconds] = (
            re.findall(rf"^{name} (\d+)s?;", own, re.MULTILINE)
            for name in ("worker_rlimit_nofile", "worker_shutdown_timeout")
        )

        assert service["ulimits"]["nofile"] == int(files)
        assert int(service["stop_grace_period"].removesuffix("s")) > int(seconds)

    def test_what_it_mounts_from_here_exists(self, compose: dict[str, Any]) -> None:
        mounted = [volume for service in compose["services"].values() for volume in service.get("volumes", ())]
        ours = {path for volume in mounted for path in re.findall(r"\./(?:nginx|deploy/postgres)[^:}]*", volume)}

        assert ours == {"./nginx", "./nginx/listen.conf", "./nginx/trusted-proxies.conf", "./deploy/postgres"}
        assert all((ROOT / path).exists() for path in ours)

    def test_the_folder_for_the_sandbox_is_a_usable_configuration(self) -> None:
        environ = {
            "KRO_ENV": "dev",
            "KRO_CONFIG_DIR": str(ROOT / "deploy" / "sandbox"),
            "KRO_DATABASE_HOST": "postgres",
        }

        settings = load_settings(environ=environ)

        assert settings.paystack.base_url == "http://sandbox:4000/paystack"
        assert "127.0.0.1:4000" not in settings.model_dump_json()
        assert settings.demo.admins
        build(settings)

    @pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed")
    def test_docker_compose_takes_it(self) -> None:
        assert COMPOSE is not None
        checked = subprocess.run(
            [COMPOSE, "--profile", "sandbox", "config", "--quiet"],
            cwd=ROOT, env={**os.environ, **PASSWORDS}, capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_the_certificate_of_the_database_is_good_for_its_name_and_no_other(tmp_path: Path) -> None:
    tls, config = tmp_path / "tls", tmp_path / "config"
    subprocess.run([ROOT / "deploy" / "make-database-certificates", tls, config], check=True)
    verify = f"openssl verify -CAfile {config}/database-ca.pem -verify_hostname %s {tls}/server.crt"

    good, bad = (
        subprocess.run(shlex.split(verify % name), capture_output=True, check=False).returncode
        for name in ("postgres", "elsewhere")
    )

    assert (good, bad) == (0, 2)
    assert (tls / "server.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["database-ca.pem", "server.crt", "server.key"]


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
class TestConfiguration:
    """What ``deploy/make-configuration`` writes."""

    def made(self, folder: Path) -> int:
        script = ROOT / "deploy" / "make-configuration"
        return subprocess.run([script, folder], capture_output=True, check=False).returncode

    def test_only_what_the_operator_knows_is_missing(self, tmp_path: Path) -> None:
        assert self.made(tmp_path) == 0
        file = tmp_path / "production.json"
        given = json.loads(file.read_text())
        given["app"]["publicBaseUrl"] = "https://api.krotrust.com"
        given["alerts"]["email"] = "operations@krotrust.com"
        given["paystack"]["secretKey"] = "sk_live_8f3c1d7a9b2e4f605182"
        given["termii"]["apiKey"] = "TLq8w3e7r1t5y9u2i6o4p0a"
        given["sendGrid"] = {"apiKey": "SG.q8w3e7r1t5y9u2i6o4p0", "fromEmail": "no-reply@krotrust.com"}
        file.write_text(json.dumps(given))
        environ = {
            "KRO_ENV": "production",
            "KRO_CONFIG_DIR": str(tmp_path),
            "KRO_DATABASE_HOST": "postgres",
            "KRO_DATABASE_OWNER_USERNAME": "kro_owner",
            "KRO_DATABASE_OWNER_PASSWORD": "k3Vn8QzW1xPq7Lr2",
            "KRO_DATABASE_APP_USERNAME": "kro_app",
            "KRO_DATABASE_APP_PASSWORD": "z9Tb4MfH6sJd0Yc5",
        }

        assert load_settings(environ=environ).app.public_base_url == "https://api.krotrust.com"
        assert file.stat().st_mode & 0o077 == 0

    def test_keys_are_new_each_time_and_never_overwritten(self, tmp_path: Path) -> None:
        assert (self.made(tmp_path / "a"), self.made(tmp_path / "b")) == (0, 0)
        first, second = ((tmp_path / name / "production.json").read_text() for name in "ab")

        assert self.made(tmp_path / "a") == 1
        assert (tmp_path / "a" / "production.json").read_text() == first
        keys = re.findall(r"[A-Za-z0-9+/]{43}=", first)
        assert len(keys) == len(set(keys) - set(re.findall(r"[A-Za-z0-9+/]{43}=", second))) == 9
