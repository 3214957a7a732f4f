"""An admin says what a provider may do; what it has taken already is followed to its end whatever that is."""

from __future__ import annotations

from dataclasses import asdict, replace

from kro.core.decisions import Audit, Decision, Insert, Outcome, Update
from kro.payment.database.provider_records import Direction, Switch, SwitchChange, SwitchState
from kro.payment.domain.context import Context


def decide_switch(
    change: SwitchChange, *, provider: str, direction: Direction, state: SwitchState, reason: str, context: Context
) -> Outcome[Switch]:
    """Turn a switch; it is on record who did and why."""
    before = change.switch
    turned = Switch(
        id=context.new_id() if before is None else before.id,
        provider=provider,
        direction=direction,
        state=state,
        reason=reason,
        changed_by=context.actor.id,
        version=1,
        updated_at=context.now,
    )
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="provider.switch",
        target_type="provider_switch",
        target_id=turned.id,
        reason=reason,
        detail={
            "provider": provider,
            "direction": direction,
            "from": before.state if before is not None else SwitchState.ENABLED,
            "to": state,
        },
    )
    if before is None:
        write: Insert | Update = Insert("provider_switches", (asdict(turned),))
        return Outcome(Decision(writes=(write,), audits=(audit,)), turned)
    changes = {
        "state": state,
        "reason": reason,
        "changed_by": context.actor.id,
        "updated_at": context.now,
    }
    write = Update("provider_switches", before.id, before.version, changes)
    return Outcome(Decision(writes=(write,), audits=(audit,)), replace(turned, version=before.version + 1))
