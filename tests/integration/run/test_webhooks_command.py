"""`kro webhooks`, against a running database."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from kro.bootstrap.foundation import lay_foundation
from kro.core.config import Settings
from kro.core.ids import SystemIdSource, UnknownIdError, show_id
from kro.payment.domain import WebhookBodyGoneError, WebhookNotFoundError, WebhookState
from kro.payment.domain.webhook_bodies import body_context
from kro.run.webhooks import list_webhooks, replay_webhooks, show_webhook
from kro_api import settings_for


@pytest.fixture
def settings(fresh_database: Any) -> Settings:
    return settings_for(fresh_database.cluster, fresh_database.name)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def states(settings: Settings) -> dict[str, int]:
    async def ask() -> dict[str, int]:
        connection = await asyncpg.connect(settings.database.url.get_secret_value())  # type: ignore[union-attr] # tests have one
        try:
            rows = await connection.fetch("SELECT state, count(*) AS often FROM payment_webhook_state GROUP BY state")
            return {row["state"]: row["often"] for row in rows}
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.fixture
def kept(settings: Settings) -> Settings:
    """Two hundred and three events that were left to people, and one that was not."""

    async def keep() -> None:
        connection = await asyncpg.connect(settings.database.url.get_secret_value())  # type: ignore[union-attr] # tests have one
        try:
            await connection.execute(
                """
                INSERT INTO payment_webhook_info
                    (id, provider, dedupe_key, event_type, subject, reference, body, headers, received_at)
                SELECT gen_random_uuid(), 'paystack', n::text, 'charge.success', 'collection', 'ref' || n, '', '{}',
                       now() - n * interval '1 second'
                FROM generate_series(1, 204) AS n
                """
            )
            await connection.execute(
                """
                INSERT INTO payment_webhook_state (webhook_id, state, attempts, next_attempt_at, last_error)
                SELECT id, CASE reference WHEN 'ref1' THEN 'processed' ELSE 'parked' END, 3, NULL, 'unknown_reference'
                FROM payment_webhook_info
                """
            )
        finally:
            await connection.close()

    asyncio.run(keep())
    return settings


def test_all_that_were_left_to_people_are_looked_into_again(kept: Settings, console: Console) -> None:
    assert replay_webhooks(kept, console, shown_ids=[], parked=True) == 203

    assert states(kept) == {"received": 203, "processed": 1}


def test_the_list_names_events_that_can_be_replayed(kept: Settings, console: Console) -> None:
    list_webhooks(kept, console, state=WebhookState.PROCESSED, limit=10)
    file: Any = console.file
    printed = file.getvalue()
    [name] = [word for word in printed.split() if word.startswith("whk_")]

    assert "ref1" in printed
    assert replay_webhooks(kept, console, shown_ids=[name], parked=False) == 1
    assert states(kept) == {"received": 1, "parked": 203}


def test_what_is_no_event_is_said_so(settings: Settings, console: Console) -> None:
    with pytest.raises(UnknownIdError):
        replay_webhooks(settings, console, shown_ids=["whk_1"], parked=False)
    with pytest.raises(WebhookNotFoundError):
        replay_webhooks(settings, console, shown_ids=["whk_" + "0" * 26], parked=False)


def test_one_is_shown_with_what_was_sent_for_as_long_as_that_is_kept(settings: Settings, console: Console) -> None:
    cipher, ids = lay_foundation(settings).cipher, SystemIdSource()
    kept, forgotten = ids.new(), ids.new()
    sealed = cipher.seal('{"reference": "[T1]"}', context=body_context(kept)).encode()

    async def keep() -> None:
        connection = await asyncpg.connect(settings.database.url.get_secret_value())  # type: ignore[union-attr] # tests have one
        try:
            for webhook_id, event in ((kept, "1"), (forgotten, "2")):
                await connection.execute(
                    "INSERT INTO payment_webhook_info (id, provider, dedupe_key, event_type, subject, headers)"
                    " VALUES ($1, 'paystack', $2, 'charge.success', 'collection', '{}')",
                    *(webhook_id, event),
                )
                await connection.execute(
                    "INSERT INTO payment_webhook_state (webhook_id, state, attempts) VALUES ($1, 'processed', 1)",
                    webhook_id,
                )
            await connection.execute("INSERT INTO payment_webhook_bodies VALUES ($1, $2)", kept, sealed)
        finally:
            await connection.close()

    asyncio.run(keep())
    show_webhook(settings, console, shown_id=show_id("whk", kept))

    file: Any = console.file
    assert file.getvalue().endswith('SHA-256: \n{"reference": "[T1]"}\n')
    with pytest.raises(WebhookBodyGoneError):
        show_webhook(settings, console, shown_id=show_id("whk", forgotten))
