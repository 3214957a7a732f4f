"""Turns a decision into the one JSON argument of ``apply_decision``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from kro.core.decisions.decision import Account, Audit, Decision, Insert, Journal, Message, Row, Update
from kro.core.decisions.reply import StoredAnswer
from kro.core.telemetry.tracing import MARK, mark


def encode(decision: Decision, answer: StoredAnswer | None = None) -> str:
    """Return the JSON text; parts that are empty are left out, so that the database skips them."""
    document: dict[str, Any] = {"writes": [_write(write) for write in decision.writes]}
    if answer is not None:
        document["answer"] = answer
    if decision.journals:
        document |= _ledger(decision.journals)
    taken = mark()
    if taken is not None and (decision.journals or decision.events):
        document["trace"] = taken
    parts: dict[str, tuple[object, ...]] = {
        "events": decision.events,
        "timers": decision.timers,
        "clear_timers": decision.cleared,
        "outbox": decision.messages if taken is None else _marked(decision.messages, taken),
    }
    document |= {name: items for name, items in parts.items() if items}
    if decision.audits:
        document["audit"] = [_audit(audit) for audit in decision.audits]
    return _text(document)


@dataclass(frozen=True, slots=True)
class Addition:
    """A decision that only adds rows, with its answer and what is to be known of its cause; see :func:`mark`."""

    decision: Decision
    answer: StoredAnswer | None
    mark: Mapping[str, str] | None


def encode_together(additions: Sequence[Addition]) -> str:
    """Return the JSON text of several as one decision, in which all rows of a table are inserted at once."""
    document: dict[str, Any] = {
        "writes": [{"table": table, "rows": rows} for table, rows in _rows(additions).items()],
        "answers": [one.answer for one in additions if one.answer is not None],
        "events": [event for one in additions for event in one.decision.events],
        "timers": [timer for one in additions for timer in one.decision.timers],
        "outbox": [message for one in additions for message in _messages(one)],
        "audit": [_audit(audit) for one in additions for audit in one.decision.audits],
    }
    return _text({name: items for name, items in document.items() if items or name == "writes"})


def _rows(additions: Sequence[Addition]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for one in additions:
        for write in one.decision.writes:
            assert isinstance(write, Insert)  # noqa: S101 - what an addition is
            rows.setdefault(write.table, []).extend(write.rows)
        if one.mark is not None and one.decision.events:
            rows.setdefault("traces", []).extend(_traces(one.decision, one.mark))
    return rows


def _traces(decision: Decision, taken: Mapping[str, str]) -> Sequence[Row]:
    trace_id = taken["traceparent"].split("-")[1]
    return [{"row_id": e.id, "trace_id": trace_id, "request_id": taken.get("request_id")} for e in decision.events]


def _messages(one: Addition) -> Sequence[Message]:
    return one.decision.messages if one.mark is None else _marked(one.decision.messages, one.mark)


def _text(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document, default=plain, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z).decode()


def plain(value: object) -> str:
    """Return the form in which orjson takes what the driver returns."""
    # The driver's UUIDs are a subclass of Python's, which orjson does not take for one.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a decision holds no {type(value).__name__}")


def _write(write: Insert | Update) -> dict[str, Any]:
    if isinstance(write, Insert):
        return {"table": write.table, "rows": write.rows}
    return {"table": write.table, "id": write.id, "version": write.version, "set": write.changes}


def _ledger(journals: tuple[Journal, ...]) -> dict[str, Any]:
    accounts: dict[Any, Account] = {}
    entries = []
    heads = []
    for journal in journals:
        head = {name: getattr(journal, name) for name in Journal.__slots__ if name != "entries"}
        heads.append(head)
        for entry in journal.entries:
            accounts[entry.account.id] = entry.account
            entries.append(
                {
                    "journal_id": journal.id,
                    "account_id": entry.account.id,
                    "currency": entry.account.currency,
                    "amount": entry.amount,
                }
            )
    return {"accounts": list(accounts.values()), "journals": heads, "entries": entries}


def _marked(messages: tuple[Message, ...], taken: Mapping[str, str]) -> tuple[Message, ...]:
    """Have messages take along what causes them, where somebody wants to know."""
    return tuple([replace(message, payload={**message.payload, MARK: taken}) for message in messages])


def _audit(audit: Audit) -> dict[str, Any]:
    return {
        "id": audit.id,
        "actor_kind": audit.actor.kind,
        "actor_id": audit.actor.id,
        "session_id": audit.actor.session_id,
        "action": audit.action,
        "target_type": audit.target_type,
        "target_id": audit.target_id,
        "result": audit.result,
        "reason": audit.reason,
        "detail": audit.detail,
        "request_id": audit.actor.request_id,
        "ip": audit.actor.ip,
    }
