from __future__ import annotations

from kro.core.auth.permissions import ROLES, Permission, Role

BY_CODE = {role.code: role for role in ROLES}


def test_every_role_is_defined_once() -> None:
    assert set(BY_CODE) == set(Role)
    assert len(ROLES) == len(Role)


def test_members_have_no_permission_of_admins() -> None:
    assert [role.code for role in ROLES if role.audience == "user"] == [Role.MEMBER]
    assert BY_CODE[Role.MEMBER].permissions == frozenset()


def test_who_approves_payouts_does_nothing_else_with_the_system() -> None:
    approvers = {role.code for role in ROLES if Permission.PAYOUTS_APPROVE in role.permissions}

    assert approvers == {Role.APPROVER, Role.SUPER}
    assert not BY_CODE[Role.APPROVER].permissions & {Permission.WEBHOOKS_REPLAY, Permission.OUTBOX_REPLAY}


def test_no_permission_is_without_a_role() -> None:
    # Taking a dispute away from an officer is for who stands above all of them.
    of_super_alone = {Permission.DISPUTES_ASSIGN, Permission.ADMINS_MANAGE}
    shared = frozenset().union(*(role.permissions for role in ROLES if role.code is not Role.SUPER))
    assert shared == set(Permission) - of_super_alone
