"""The steps of a dispute over HTTP, and the officers who decide about it."""

from __future__ import annotations

from typing import Any

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro.core.config import Settings
from kro.core.ids import read_id, show_id
from kro_api import Person, World
from order_steps import completed, stepped

PRICE = 15_000_000
GROUNDS = "The photos show the damage before the handover."
REPORT = {"category": "not_as_described", "statement": "The screen is cracked."}
WHY = {"ticket": "CMP-4", "note": "Looked at by two of us."}


def strict(settings: Settings, *, above: int = 10_000_000) -> Settings:
    """Return settings under which the worked example is more than one admin may decide about."""
    disputes = settings.orders.disputes.model_copy(update={"second_admin_above_minor": above})
    return settings.model_copy(update={"orders": settings.orders.model_copy(update={"disputes": disputes})})


def ngn(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "NGN"}


async def disputed(world: World) -> dict[str, Any]:
    """An order that the buyer contested after its completion and took to the platform."""
    order = await completed(world)
    path = f"/orders/{order['id']}"
    reported = await stepped(world.buyer.post(f"{path}/issues", REPORT))
    return await stepped(world.buyer.post(f"{path}/issues/{reported['issue']['id']}/escalate"))


async def over(world: World, deadline: str) -> None:
    """Let a deadline of the only issue pass."""
    await world.database.execute(f"UPDATE issues SET {deadline} = now() - interval '1 second'")  # noqa: S608 - a column


async def officer(world: World, name: str = "officer", *, role: Role = Role.DISPUTE) -> Admin:
    return await at_desk(world, role, email=f"{name}@kro.example")


async def to_decide(world: World, admin: Person, order: dict[str, Any]) -> str:
    """Assign the order's dispute to an officer after the time for evidence; returns the dispute's path."""
    path = f"/admin/disputes/{order['issue']['id']}"
    await stepped(admin.post(f"{path}/assign"))
    await over(world, "evidence_by")
    return path


async def proposed(admin: Person, path: str, awarded: int, *, grounds: str = GROUNDS) -> dict[str, Any]:
    reply = await admin.post(f"{path}/decision-proposals", {"awarded": ngn(awarded), "grounds": grounds})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def approve(admin: Admin, proposal: dict[str, Any], *, step: int = 0) -> Any:
    return await admin.post(
        f"/admin/proposals/{proposal['id']}/approve",
        {"totp": admin.code(step=step), "proposal_hash": proposal["proposal_hash"]},
    )


async def related(world: World, admin_name: str, phone: str) -> None:
    """Make an officer and a party one person, as far as anybody can tell."""
    await world.database.execute("UPDATE users SET email = $1 WHERE phone = $2", f"{admin_name}+x@kro.example", phone)


async def admin_id(world: World, name: str) -> str:
    found = await world.database.value("SELECT id FROM admins WHERE email = $1", f"{name}@kro.example")
    return show_id("adm", found)


async def take_effect(world: World, order: dict[str, Any]) -> None:
    """Let the time to appeal pass, and the timer fire."""
    await over(world, "appeal_by")
    await world.application.fire_timer(read_id("ord", order["id"]), "appeal_by")


async def timers(world: World, order: dict[str, Any]) -> dict[str, Any]:
    rows = await world.database.rows("SELECT kind, due_at FROM timers WHERE order_id = $1", read_id("ord", order["id"]))
    return {row["kind"]: row["due_at"] for row in rows}
