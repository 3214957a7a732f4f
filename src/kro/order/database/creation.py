"""Loads what creating an order needs, in one query."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.kro_balance.domain import Fees, Quote
from kro.order.database.records import CreationState, NewCondition, Person, Template
from kro.order.database.words import ConditionKind, ConfirmedBy

_PERSON: Final = (
    "json_build_object('id', id, 'name', first_name || ' ' || last_name, 'status', status, 'tier', kyc_tier)"
)


def offered(*, quote: str, template: str) -> str:
    """Return the columns of the actor's own quote and of the newest active version of a template, by parameter."""
    return f"""
       (SELECT row_to_json(q) FROM fee_quotes AS q WHERE q.id = {quote} AND q.user_id = $1) AS quote,
       (SELECT json_build_object('code', t.code, 'conditions', t.conditions) FROM condition_templates AS t
        WHERE t.code = {template} AND t.active ORDER BY t.version DESC LIMIT 1) AS template"""  # noqa: S608 - built from constants only


_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER},
       (SELECT {_PERSON} FROM users WHERE id = $1) AS proposer,
       (SELECT {_PERSON} FROM users WHERE phone = $4) AS counterparty,
       (SELECT has_blocked(id, $1) FROM users WHERE phone = $4) AS is_blocked,
       {offered(quote="$5", template="$6")}
"""  # noqa: S608 - built from constants only


class CreationRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(
        self, *, actor: Actor, key: str | None, phone: str, quote_id: UUID, template_code: str | None
    ) -> Loaded[CreationState]:
        """Return both people, the proposer's own quote and the newest active version of the template.

        A counterparty who has blocked the proposer is as unknown as one who never registered.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, phone, quote_id, template_code)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        state = CreationState(
            standing=read_standing(row),
            proposer=_person(row["proposer"]),
            counterparty=_person(row["counterparty"]) if row["counterparty"] else None,
            is_blocked=bool(row["is_blocked"]),
            quote=read_quote(row["quote"]) if row["quote"] else None,
            template=read_template(row["template"]) if row["template"] else None,
        )
        return Loaded(state, read_answer(row))


def read_template(found: dict[str, Any]) -> Template:
    """Build a template from its JSON form."""
    return Template(
        code=found["code"],
        conditions=tuple(
            NewCondition(
                kind=ConditionKind(item["kind"]),
                title=item["title"],
                description=item["description"],
                confirmed_by=ConfirmedBy(item["confirmed_by"]),
                required=item["required"],
                evidence_required=item["evidence_required"],
                deemed_on_timeout=item["deemed_on_timeout"],
                template_code=found["code"],
            )
            for item in found["conditions"]
        ),
    )


def _person(found: dict[str, Any]) -> Person:
    return Person(id=UUID(found["id"]), name=found["name"], status=found["status"], kyc_tier=found["tier"])


def read_quote(row: dict[str, Any]) -> Quote:
    """Build a quote from its JSON form."""
    return Quote(
        id=UUID(row["id"]),
        user_id=UUID(row["user_id"]),
        order_type=row["order_type"],
        fees=Fees(**{name: row[name] for name in Fees.__slots__}),
        basis=row["basis"],
        expires_at=datetime.fromisoformat(row["expires_at"]),
    )
