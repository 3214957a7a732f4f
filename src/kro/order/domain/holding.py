"""What a hold does to an order's time: nothing runs while it lasts, and everything runs on as long as was left."""

from __future__ import annotations

from datetime import timedelta

from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import arm_conditions
from kro.order.domain.deadlines import AMENDMENT, alerts, running


def put_on_hold(changes: Changes, context: Context) -> Changes:
    """Stop every timer; the order's own clock stands still from now on, unless it does already."""
    since = changes.state.order.held_since or context.now
    return changes.clear_timers().set(on_hold=True, held_since=since)


def lift_hold(changes: Changes, context: Context) -> Changes:
    """Let time run on: every deadline moves by as long as the hold lasted."""
    order = changes.state.order
    if order.held_since is None:
        return changes
    lasted = context.now - order.held_since
    changes.set(on_hold=False, compliance_hold=False, held_since=None)
    moved = {kind.value: due + lasted for kind, due in running(changes.state).items()}
    if changes.state.issue is not None:
        changes.set_issue(**moved)
    else:
        changes.set(**moved)
    # What an issue has stopped is moved by as long as the issue lasted, holds included.
    return arm_all(changes, context, later=lasted if changes.state.issue is None else timedelta())


def arm_all(changes: Changes, context: Context, *, later: timedelta = timedelta()) -> Changes:
    """Have everything kept that runs for the order as it stands now; conditions' inspections end ``later``."""
    for kind, due in running(changes.state).items():
        changes.arm(kind, due)
    for alert, due in alerts(changes.state).items():
        if due > context.now:
            changes.arm(alert, due)
    if changes.state.amendment is not None:
        changes.arm(AMENDMENT, max(changes.state.amendment.expires_at, context.now))
    return arm_conditions(changes, later=later)
