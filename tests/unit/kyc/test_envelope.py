"""A data key for each record, wrapped by ours: rotation re-wraps, and nothing opens anywhere else."""

from __future__ import annotations

import pytest

from kro.core.encryption import Envelope, EnvelopeCipher, FieldCipher, SealedValueError

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def cipher(*, active: str = "old", keys: dict[str, bytes] | None = None) -> EnvelopeCipher:
    return EnvelopeCipher(FieldCipher(keys=keys or {"old": OLD, "new": NEW}, active_key_id=active))


def test_opens_what_it_sealed_and_seals_each_time_differently() -> None:
    one, two = cipher().seal("22222222222", context="a"), cipher().seal("22222222222", context="a")

    assert cipher().open(one, context="a") == "22222222222"
    assert (one.key, one.content) != (two.key, two.content)
    assert "22222222222" not in repr(one) + one.key + one.content


def test_rotation_wraps_the_key_anew_and_leaves_the_content() -> None:
    sealed = cipher().seal("secret", context="a")

    fresh = cipher(active="new").rewrap(sealed.key, context="a")
    assert fresh is not None

    assert fresh.startswith("v1.new.")
    assert cipher(active="new").rewrap(fresh, context="a") is None
    after = cipher(active="new", keys={"new": NEW})
    assert after.open(Envelope(fresh, sealed.content), context="a") == "secret"
    with pytest.raises(SealedValueError):
        after.open(sealed, context="a")


def test_neither_key_nor_content_opens_for_another_record() -> None:
    one, two = cipher().seal("one", context="a"), cipher().seal("two", context="b")

    for envelope, context in ((one, "b"), (Envelope(two.key, one.content), "a"), (Envelope(one.key, two.content), "a")):
        with pytest.raises(SealedValueError):
            cipher().open(envelope, context=context)


def test_a_part_beside_shares_the_key_and_is_no_other_part() -> None:
    sealed = cipher().seal("one", context="a")
    beside = cipher().seal_beside(sealed.key, "record", context="a", part="record")

    assert cipher().open_beside(sealed.key, beside, context="a", part="record") == "record"
    with pytest.raises(SealedValueError):
        cipher().open(Envelope(sealed.key, beside), context="a")
