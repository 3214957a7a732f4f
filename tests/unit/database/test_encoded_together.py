"""Several decisions as one: whose trace, message and answer is whose stays to be seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from kro.core.decisions import Decision, Event, Insert, Message, StoredAnswer, Timer
from kro.core.decisions.encoding import Addition, encode, encode_together

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def ids(number: int) -> UUID:
    return UUID(int=number)


def decision(number: int) -> Decision:
    order_id = ids(number)
    return Decision(
        writes=(Insert("orders", ({"id": order_id},)), Insert("conditions", ({"order_id": order_id, "position": 1},))),
        events=(Event(ids(100 + number), order_id, 1, "created", "buyer", None, {}, NOW),),
        timers=(Timer(order_id, "accept_by", NOW),),
        messages=(Message(ids(200 + number), "notice", {"order_id": order_id}),),
    )


def answer(number: int) -> StoredAnswer:
    return StoredAnswer(ids(number), f"key {number}", "POST /v1/orders", "f", 201, "{}", "application/json")


def read(additions: list[Addition]) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(encode_together(additions))
    return document


def test_rows_of_a_table_are_inserted_at_once_in_the_order_they_need_each_other() -> None:
    document = read([Addition(decision(n), answer(n), None) for n in (1, 2)])

    assert [write["table"] for write in document["writes"]] == ["orders", "conditions"]
    assert [row["id"] for row in document["writes"][0]["rows"]] == [str(ids(1)), str(ids(2))]
    assert [one["key"] for one in document["answers"]] == ["key 1", "key 2"]
    assert [len(document[part]) for part in ("events", "timers", "outbox")] == [2, 2, 2]
    assert set(document) == {"writes", "answers", "events", "timers", "outbox"}


def test_one_alone_says_what_it_says_by_itself() -> None:
    document, alone = read([Addition(decision(1), answer(1), None)]), orjson.loads(encode(decision(1), answer(1)))

    assert document.pop("answers") == [alone.pop("answer")]
    assert document == alone


def test_each_event_and_message_names_the_trace_of_its_own_request() -> None:
    marks = [{"traceparent": f"00-{'ab' * 15}{n:02}-{'c' * 16}-01", "request_id": f"req_{n}"} for n in (1, 2)]
    document = read([Addition(decision(n + 1), None, mark) for n, mark in enumerate(marks)])

    assert document["writes"][-1] == {
        "table": "traces",
        "rows": [
            {"row_id": str(ids(101)), "trace_id": "ab" * 15 + "01", "request_id": "req_1"},
            {"row_id": str(ids(102)), "trace_id": "ab" * 15 + "02", "request_id": "req_2"},
        ],
    }
    assert [one["payload"]["_trace"] for one in document["outbox"]] == marks


def test_what_happens_to_no_order_leaves_no_trace() -> None:
    quote = Decision(writes=(Insert("fee_quotes", ({"id": ids(1)},)),))
    mark = {"traceparent": f"00-{'ab' * 16}-{'c' * 16}-01"}

    assert [write["table"] for write in read([Addition(quote, None, mark)])["writes"]] == ["fee_quotes"]
