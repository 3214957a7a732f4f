import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.encryption import BlindIndex, FieldCipher, SealedValueError

OLD, NEW = b"o" * 32, b"n" * 32
CONTEXT = "bank_accounts.account_number:1"


def cipher(**keys: bytes) -> FieldCipher:
    return FieldCipher(keys=keys or {"new": NEW}, active_key_id=next(iter(keys), "new"))


class TestFieldCipher:
    @given(st.text())
    def test_opens_what_it_sealed(self, text: str) -> None:
        assert cipher().open(cipher().seal(text, context=CONTEXT), context=CONTEXT) == text

    def test_does_not_show_the_value_nor_repeat_itself(self) -> None:
        first, second = (cipher().seal("0001234567", context=CONTEXT) for _ in range(2))

        assert first != second
        assert "0001234567" not in first
        assert b"0001234567" not in base64.urlsafe_b64decode(first.split(".")[2])

    def test_a_value_moved_to_another_row_does_not_open(self) -> None:
        sealed = cipher().seal("0001234567", context=CONTEXT)

        with pytest.raises(SealedValueError):
            cipher().open(sealed, context="bank_accounts.account_number:2")

    def test_an_old_key_still_opens_and_is_reported_as_due(self) -> None:
        sealed = cipher(old=OLD).seal("0001234567", context=CONTEXT)
        rotated = cipher(new=NEW, old=OLD)

        assert rotated.open(sealed, context=CONTEXT) == "0001234567"
        assert not rotated.is_current(sealed)
        assert rotated.is_current(rotated.seal("0001234567", context=CONTEXT))

    def test_a_removed_key_opens_nothing(self) -> None:
        with pytest.raises(SealedValueError):
            cipher(new=NEW).open(cipher(old=OLD).seal("x", context=CONTEXT), context=CONTEXT)

    def test_a_value_relabelled_with_another_key_does_not_open(self) -> None:
        same_key_twice = cipher(a=NEW, b=NEW)
        sealed = same_key_twice.seal("x", context=CONTEXT)

        with pytest.raises(SealedValueError):
            same_key_twice.open(sealed.replace("v1.a.", "v1.b."), context=CONTEXT)

    def test_any_altered_byte_is_noticed(self) -> None:
        head, _, text = cipher().seal("0001234567", context=CONTEXT).rpartition(".")
        content = base64.urlsafe_b64decode(text)

        for position in range(len(content)):
            altered = bytearray(content)
            altered[position] ^= 1
            with pytest.raises(SealedValueError):
                cipher().open(f"{head}.{base64.urlsafe_b64encode(altered).decode()}", context=CONTEXT)

    @pytest.mark.parametrize(
        "text", ["", "x", "v1.new", "v1.new.", "v1.new.AAAA", "v1.new.é", "v2.new.AAAA", "a.b.c.d"]
    )
    def test_rubbish_does_not_open(self, text: str) -> None:
        with pytest.raises(SealedValueError):
            cipher().open(text, context=CONTEXT)

    @pytest.mark.parametrize(("keys", "active"), [({}, "a"), ({"a": b"short"}, "a"), ({"a.b": NEW}, "a.b")])
    def test_unusable_keys_are_refused_at_start(self, keys: dict[str, bytes], active: str) -> None:
        with pytest.raises(ValueError, match="key"):
            FieldCipher(keys=keys, active_key_id=active)


class TestBlindIndex:
    def test_equal_values_meet_only_within_a_context_and_a_key(self) -> None:
        index = BlindIndex(key=NEW)

        assert index.of("058:0001234567", context="account") == index.of("058:0001234567", context="account")
        assert index.of("058:0001234567", context="account") != index.of("058:0001234567", context="phone")
        assert index.of("058:0001234567", context="account") != BlindIndex(key=OLD).of(
            "058:0001234567", context="account"
        )

    def test_context_and_value_cannot_be_shifted_into_each_other(self) -> None:
        index = BlindIndex(key=NEW)

        assert index.of("b:c", context="a") != index.of("c", context="a:b")

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            BlindIndex(key=b"short")
