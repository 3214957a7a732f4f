"""Whichever ports are chosen, everything on this machine finds everything else."""

from __future__ import annotations

import json

import pytest

from kro.core.config import base_directory, load_settings
from kro.run.addresses import variables
from kro_sandbox.settings import SandboxSettings

NAMES = ["local", "dev", "test"]


def texts(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [text for value in tree.values() for text in texts(value)]
    return [tree] if isinstance(tree, str) else []


@pytest.mark.parametrize("name", NAMES)
def test_every_stand_in_is_found_under_another_port(name: str) -> None:
    configured = texts(json.loads((base_directory() / f"{name}.json").read_text()))
    stand_ins = {text for text in configured if text.startswith("http://127.0.0.1:4000/")}

    led = variables(load_settings(environment=name, environ={"KRO_SANDBOX_PORT": "5000"}))

    found = {url for variable, url in led.items() if variable != "KRO_PUBLIC_BASE_URL"}
    assert found == {text.replace(":4000/", ":5000/") for text in stand_ins}
    assert ":4000/" not in load_settings(environment=name, environ=led).model_dump_json()


@pytest.mark.parametrize(
    "variable",
    ["KRO_PAYSTACK_BASE_URL", "KRO_FINCRA_BASE_URL", "KRO_PROVIDUS_BASE_URL", "KRO_PROVIDUS_TRANSFER_BASE_URL"],
)
def test_a_vendors_real_address_stays(variable: str) -> None:
    real = {variable: "https://vendor.test/api"}

    assert variable not in variables(load_settings(environment="local", environ=real))


def test_without_a_sandbox_nobody_is_led_to_it() -> None:
    settings = load_settings(environment="local", environ={"KRO_SANDBOX_ENABLED": "false"})

    assert variables(settings).keys() == {"KRO_PUBLIC_BASE_URL"}


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_ins_know_the_keys(name: str) -> None:
    settings, sandbox = load_settings(environment=name, environ={}), SandboxSettings()
    bank = settings.providus

    assert settings.paystack.secret_key.get_secret_value() == sandbox.paystack_key
    assert settings.fincra.secret_key is not None
    assert settings.fincra.secret_key.get_secret_value() == sandbox.fincra_key
    assert bank is not None
    assert bank.client_secret is not None
    assert bank.password is not None
    assert (bank.client_id, bank.client_secret.get_secret_value()) == (sandbox.providus_client, sandbox.providus_key)
    assert (bank.user_name, bank.password.get_secret_value()) == sandbox.providus_login
    assert bank.account_number == sandbox.providus_account
