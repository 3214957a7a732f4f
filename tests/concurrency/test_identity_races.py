"""One number, fifty accounts at once: one of them is verified, whatever the order."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tests.concurrency.conftest import RIVALS, Arena

from kro.core.actor import SYSTEM
from kro.core.config import load_settings
from kro.core.encryption import BlindIndex, EnvelopeCipher, FieldCipher
from kro.core.kyc.board import first_rules
from kro.core.kyc.identity import IdentityKind, Matched, Names, PersonOnRecord
from kro.management.database.identity_checks import IdentityCheckRepository
from kro.management.database.identity_records import Secret
from kro.management.domain.decide_identity import Consent, Deed, decide_answer, decide_submission
from kro.management.domain.identity_match import judge
from kro.management.domain.identity_vault import IdentityVault

BORN = date(1990, 1, 31)
CONSENT = Consent(text_version="1", current_version="1")


async def test_fifty_accounts_with_one_number(arena: Arena) -> None:
    world, checks = arena.world, IdentityCheckRepository(arena.database)
    keys = FieldCipher(keys={"k": bytes(range(32))}, active_key_id="k")
    vault = IdentityVault(EnvelopeCipher(keys), BlindIndex(key=bytes(range(32))))
    rules = first_rules(load_settings(environment="test", environ={}).kyc)
    secret = Secret("22222222222", BORN)
    ids = []
    for _ in range(RIVALS):
        user = await world.add_user()
        number = vault.seal(check_id=world.ids.new(), kind=IdentityKind.BVN, secret=secret, middle_name=None)
        state = (await checks.for_submission(actor=user, key=None)).state
        deed = Deed(user, world.clock.now(), world.ids)
        await world.carry_out(decide_submission(state, number, CONSENT, deed=deed))
        ids.append(number.id)
    verdict = judge(Matched(PersonOnRecord(Names("Ada", "Obi"), BORN)), names=Names("Ada", "Obi"), born=BORN)

    async def answer(check_id: UUID) -> None:
        await world.runner.carry_out(
            load=lambda: checks.for_answer(check_id),
            decide=lambda found: decide_answer(
                found,
                verdict,
                provider="fake",
                reference=None,
                record_sealed=None,
                rules=rules,
                deed=Deed(SYSTEM, world.clock.now(), world.ids),
            ),
        )

    await arena.race([lambda check_id=check_id: answer(check_id) for check_id in ids])  # type: ignore[misc]

    rows = await arena.database.rows("SELECT status, count(*) AS n FROM identity_checks GROUP BY status")
    assert {row["status"]: row["n"] for row in rows} == {"verified": 1, "refused": RIVALS - 1}
