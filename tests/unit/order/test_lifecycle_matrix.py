"""Every status, every event, everybody: what the table does not list is refused as a conflict."""

from dataclasses import replace

import pytest

from kro.core.errors import ErrorKind
from kro.order.database.records import Order, OrderState
from kro.order.database.words import Command, OrderStatus, Party
from kro.order.domain.errors import IllegalTransitionError, WrongPartyError
from kro.order.domain.lifecycle import LIFECYCLE, Who, allowed_commands, ensure_allowed
from order_scenes import created


def order_in(status: OrderStatus, proposed_by: Party) -> OrderState:
    state = created()
    return replace(state, order=replace(state.order, status=status, proposed_by=proposed_by))


def is_listed(order: Order, command: Command, party: Party) -> bool:
    names: dict[str, set[str]] = {
        Who.PROPOSER: {order.proposed_by},
        Who.OTHER_PARTY: {order.proposed_by.other},
        Who.EITHER: {Party.BUYER, Party.SELLER},
    }
    return any(
        row.command is command and order.status in row.sources and party in names.get(row.who, {row.who.value})
        for row in LIFECYCLE
    )


@pytest.mark.parametrize("proposed_by", [Party.BUYER, Party.SELLER])
@pytest.mark.parametrize("status", OrderStatus)
def test_the_table_decides_for_everybody(status: OrderStatus, proposed_by: Party) -> None:
    state = order_in(status, proposed_by)
    order = state.order
    for command in Command:
        for party in Party:
            if is_listed(order, command, party):
                assert status in ensure_allowed(state, command, party).sources
                assert command in allowed_commands(state, party)
                continue
            with pytest.raises((IllegalTransitionError, WrongPartyError)) as refused:
                ensure_allowed(state, command, party)
            assert refused.value.kind is ErrorKind.CONFLICT
            assert command not in allowed_commands(state, party)


def test_every_event_but_the_first_has_a_row() -> None:
    assert {row.command for row in LIFECYCLE} == set(Command) - {Command.CREATE}


@pytest.mark.parametrize("status", [status for status in OrderStatus if not status.is_ended])
def test_nobody_can_be_stuck(status: OrderStatus) -> None:
    leaving = [row for row in LIFECYCLE if status in row.sources and set(row.targets) - {status}]
    assert any(row.who is Who.SYSTEM for row in leaving), "no exit by itself"


@pytest.mark.parametrize("status", [status for status in OrderStatus if status.is_ended])
def test_what_has_ended_stays_ended(status: OrderStatus) -> None:
    assert [row for row in LIFECYCLE if status in row.sources and row.targets] == []
