"""From the configuration to the verifier: a vendor is believed through a rotation, and no longer than it lasts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kro.bootstrap.providers import payment_vendors
from kro.bootstrap.text_vendors import report_readers
from kro.core.clock import SystemClock
from kro.core.config import Settings, load_settings
from kro.core.messaging import Webhook
from kro.core.messaging.errors import ReportSignatureError
from kro.payment.providers.errors import WebhookSignatureError
from signing_vendors import VENDORS, Told, configured


def settings(folder: Path, secret: str, beside: Sequence[str] = ()) -> Settings:
    (folder / "test.json").write_text(json.dumps(configured(secret, beside=beside)))
    return load_settings(environ={"KRO_ENV": "test", "KRO_CONFIG_DIR": str(folder)})


def is_believed(told: Told, settings: Settings) -> bool:
    readers = report_readers(settings, SystemClock())
    try:
        if told.path in readers:
            readers[told.path].read(Webhook(told.raw, told.headers, f"/v1/webhooks/{told.path}"))
        else:
            payment_vendors(settings)[told.path].webhooks.verify(raw=told.raw, headers=told.headers)
    except (ReportSignatureError, WebhookSignatureError):
        return False
    return True


@pytest.mark.parametrize("make", VENDORS)
def test_both_are_believed_while_both_are_configured(make: Callable[[str, str], Told], tmp_path: Path) -> None:
    steps = [("old", ()), ("old", ("new",)), ("new", ("old",)), ("new", ())]

    found = []
    for secret, beside in steps:
        configuration = settings(tmp_path, secret, beside)
        public_url = configuration.app.public_base_url
        found.append(tuple(is_believed(make(one, public_url), configuration) for one in ("old", "new")))

    assert found == [(True, False), (True, True), (True, True), (False, True)]
