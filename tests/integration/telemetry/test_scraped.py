"""The page of metrics: for whoever knows the token, at a port that is not the API's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from collector import Collector, collecting
from kro.bootstrap import build
from kro.core.config import MetricsSettings, Settings, TelemetrySettings
from kro.core.telemetry import Telemetry, start_telemetry
from kro.core.telemetry.catalogue import CATALOGUE
from kro.worker import figure_loops
from kro_api import settings_for

TOKEN = "scrape-me-only-if-you-know-this"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


def scraped_settings(fresh_database: Any, **metrics: Any) -> Settings:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    chosen = MetricsSettings(**{"port": 0, "token": SecretStr(TOKEN), **metrics})
    return settings.model_copy(update={"telemetry": TelemetrySettings(metrics=chosen)})


def started(settings: Settings) -> Telemetry:
    telemetry = start_telemetry(settings, role="worker", version="0")
    assert telemetry is not None
    return telemetry


async def ask(telemetry: Telemetry, path: str = "/metrics", token: str | None = TOKEN, method: str = "GET") -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.request(method, f"http://127.0.0.1:{telemetry.port}{path}", headers=headers)


async def test_it_is_guarded(fresh_database: Any) -> None:
    settings = scraped_settings(fresh_database)
    telemetry, application = started(settings), build(settings)
    await telemetry.open(application.database)

    statuses = [
        (await ask(telemetry)).status_code,
        (await ask(telemetry, token=None)).status_code,
        (await ask(telemetry, token=TOKEN + "x")).status_code,
        (await ask(telemetry, path="/")).status_code,
        (await ask(telemetry, method="POST")).status_code,
    ]
    await telemetry.close()

    assert statuses == [200, 401, 401, 404, 405]


async def test_from_elsewhere_it_is_not_there(fresh_database: Any) -> None:
    settings = scraped_settings(fresh_database, networks=("10.0.0.0/8",))
    telemetry, application = started(settings), build(settings)
    await telemetry.open(application.database)

    status = (await ask(telemetry)).status_code
    await telemetry.close()

    assert status == 404


async def test_every_process_has_a_port_of_its_own(fresh_database: Any) -> None:
    settings = scraped_settings(fresh_database)
    application = build(settings)
    first = started(settings)
    await first.open(application.database)
    beside = scraped_settings(fresh_database, port=first.port, ports=8)
    second = started(beside)
    await second.open(application.database)

    ports = first.port, second.port
    answers = [(await ask(one)).status_code for one in (first, second)]
    await second.close()
    await first.close()

    assert answers == [200, 200]
    assert ports[0] != ports[1]
    assert ports[1] in range(ports[0] or 0, (ports[0] or 0) + 8)


async def test_a_worker_reads_what_waits(fresh_database: Any, database: Any) -> None:
    settings = scraped_settings(fresh_database)
    telemetry, application = started(settings), build(settings)
    await application.open()
    await telemetry.open(application.database)
    await database.execute(
        "INSERT INTO outbox (id, topic, payload, next_attempt_at) SELECT gen_random_uuid(), 'sms.otp', '{}', "
        "now() - interval '90 seconds' FROM generate_series(1, 3)"
    )
    await database.execute(
        "INSERT INTO outbox (id, topic, payload, state) VALUES (gen_random_uuid(), 'email', '{}', 'dead')"
    )

    for loop in figure_loops(application, telemetry):
        await loop._step.run()  # type: ignore[attr-defined] # one round of what it repeats
    text = (await ask(telemetry)).text
    await application.close()
    await telemetry.close()

    assert 'kro_outbox_waiting{topic="sms.otp"} 3.0' in text
    assert 'kro_outbox_dead{topic="email"} 1.0' in text
    [age] = re.findall(r'kro_outbox_age_seconds{topic="sms.otp"} (\S+)', text)
    assert 90 <= float(age) < 150
    families = {found[1] for found in re.finditer(r"# TYPE (kro_\S+) ", text)}
    assert families <= {metric.prometheus_name for metric in CATALOGUE}, "a metric that the catalogue does not name"


def test_without_being_asked_for_there_is_none(fresh_database: Any) -> None:
    settings = settings_for(fresh_database.cluster, fresh_database.name)

    assert start_telemetry(settings, role="api", version="0") is None
