"""An installation by Docker Compose, from a copy of the sources, on networks, ports and volumes of its own."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from socket_crowd import ROOT, TOKEN_MINUTES, free_port

NETWORK: Final = "172.29.77"
DOCKER: Final = shutil.which("docker")
COMPOSE: Final = tuple(shlex.split(os.environ.get("COMPOSE", "docker-compose")))
STAND_INS: Final = "kro-stand-in"
_OURS: Final = ("Dockerfile", ".dockerignore", "docker-compose.yml", "pyproject.toml", "uv.lock", "README.md")
_FOLDERS: Final = ("config", "migrations", "src", "nginx", "deploy")
_IMAGES: Final = {
    "BASE_IMAGE": "python",
    "POSTGRES_IMAGE": "postgres",
    "VALKEY_IMAGE": "valkey",
    "NGINX_IMAGE": "nginx",
}


def why_not() -> str | None:
    """Return what keeps an installation from being made here, in a sentence; ``None`` when nothing does."""
    if "KRO_COMPOSE" not in os.environ:
        return "KRO_COMPOSE is not set"
    if shutil.which(COMPOSE[0]) is None or DOCKER is None:
        return "docker or docker-compose is not installed"
    if subprocess.run([DOCKER, "info"], capture_output=True, check=False).returncode:
        return "no Docker daemon answers"
    if not set(_IMAGES) <= set(os.environ) and (shutil.which("debootstrap") is None or os.geteuid() != 0):
        return "stand-ins for the official images need debootstrap and root; or name images, such as BASE_IMAGE"
    return None


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation with the sandbox beside it. ``folder`` holds its sources, which may become another release."""

    folder: Path
    environment: dict[str, str]
    owner_password: str
    secrets: tuple[str, ...]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['KRO_HTTP_PORT']}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['KRO_SANDBOX_PORT']}"

    def compose(self, *arguments: str) -> str:
        """Run Compose and return what it wrote; anything but success is an error that shows it."""
        done = subprocess.run(
            [*COMPOSE, "--profile", "sandbox", *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done.stdout

    def container(self, service: str) -> dict[str, Any]:
        """Return what Docker knows of a service's container, also of one that has ended."""
        labels = {"project": self.environment["COMPOSE_PROJECT_NAME"], "service": service, "oneoff": "False"}
        filters = [part for k, v in labels.items() for part in ("--filter", f"label=com.docker.compose.{k}={v}")]
        [name] = _docker("ps", "--all", "--quiet", *filters).split()
        [found] = json.loads(_docker("inspect", name))
        return dict(found)

    def another_release(self, number: int) -> None:
        """Change the sources, so that a build makes another image."""
        with (self.folder / "src" / "kro" / "__init__.py").open("a") as program:
            program.write(f"# release {number}\n")


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Copy the sources and say where everything is; nothing runs yet, and nothing is left afterwards."""
    sources = folder / "kro"
    sources.mkdir()
    for name in _OURS:
        shutil.copy(ROOT / name, sources / name)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    here = Installation(sources, *_environment(folder, sources))
    try:
        yield here
    finally:
        here.compose("down", "--volumes", "--timeout", "1")
        _docker("rmi", "--force", f"kro-backend:{here.environment['KRO_VERSION']}")


def _docker(*arguments: str) -> str:
    assert DOCKER is not None
    return subprocess.run([DOCKER, *arguments], capture_output=True, text=True, check=True).stdout


def _environment(folder: Path, sources: Path) -> tuple[dict[str, str], str, tuple[str, ...]]:
    config, tls, trusted = folder / "config", folder / "tls", folder / "trusted-proxies.conf"
    subprocess.run([sources / "deploy" / "make-database-certificates", tls, config], check=True)
    ports = {name: str(free_port()) for name in ("KRO_HTTP_PORT", "KRO_HTTPS_PORT", "KRO_SANDBOX_PORT")}
    settings = json.loads((sources / "deploy" / "sandbox" / "dev.json").read_text())
    settings["app"]["publicBaseUrl"] = f"http://127.0.0.1:{ports['KRO_HTTP_PORT']}"
    settings["database"] = {"ssl": True, "caFile": "/etc/kro/database-ca.pem"}
    settings["logging"] = {"format": "json"}
    settings["jwt"] = {"user": {"accessMinutes": TOKEN_MINUTES}}
    (config / "dev.json").write_text(json.dumps(settings))
    # All of a test's people come from the network's own gateway.
    trusted.write_text(f"set_real_ip_from {NETWORK}.1;\n" + (sources / "nginx" / "trusted-proxies.conf").read_text())
    passwords = {
        name: secrets.token_urlsafe(18)
        for name in ("POSTGRES_PASSWORD", "KRO_DATABASE_OWNER_PASSWORD", "KRO_DATABASE_APP_PASSWORD")
    }
    name = f"krotest{ports['KRO_HTTP_PORT']}"
    environment = {
        **{image: f"{STAND_INS}/{stand_in}" for image, stand_in in _IMAGES.items()},
        # An operator's own variables of this project decide nothing here.
        **{key: value for key, value in os.environ.items() if not key.startswith("KRO_")},
        **ports,
        **passwords,
        "KRO_ENV": "dev",
        "KRO_CONFIG": str(config),
        "KRO_TLS": str(tls),
        "KRO_NETWORK": NETWORK,
        "KRO_NGINX_TRUSTED": str(trusted),
        "KRO_VERSION": name,
        "COMPOSE_PROJECT_NAME": name,
    }
    return environment, passwords["KRO_DATABASE_OWNER_PASSWORD"], tuple(passwords.values())


def make_stand_ins() -> None:
    """Make what stands in for the official images, unless the environment names others."""
    if not set(_IMAGES) <= set(os.environ):
        subprocess.run([ROOT / "tests" / "deployment" / "images" / "make", STAND_INS], check=True, timeout=1800)
