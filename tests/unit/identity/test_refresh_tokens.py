from __future__ import annotations

from uuid import UUID

import pytest

from kro.core.auth.randomness import SystemRandomness
from kro.core.auth.refresh import RefreshTokens
from kro.core.auth.tokens import InvalidTokenError

SESSION = UUID(int=8)


@pytest.fixture
def tokens() -> RefreshTokens:
    return RefreshTokens(keys=(b"k" * 32,), randomness=SystemRandomness())


def test_a_text_is_read_back(tokens: RefreshTokens) -> None:
    token = tokens.first(SESSION)

    assert tokens.read(tokens.show(token)) == token
    assert len(token.secret) == 32


def test_first_tokens_differ_and_successors_are_computed(tokens: RefreshTokens) -> None:
    first, other = tokens.first(SESSION), tokens.first(SESSION)

    assert first.secret != other.secret
    assert tokens.successor(first) == tokens.successor(first)
    assert len({first.secret, tokens.successor(first).secret, tokens.successor(tokens.successor(first)).secret}) == 3


def test_nobody_without_the_key_can_compute_a_successor(tokens: RefreshTokens) -> None:
    thief = RefreshTokens(keys=(b"t" * 32,), randomness=SystemRandomness())
    token = tokens.first(SESSION)

    assert thief.successor(token) != tokens.successor(token)


def test_every_changed_character_is_noticed(tokens: RefreshTokens) -> None:
    text = tokens.show(tokens.first(SESSION))

    for place in range(len(text) - 1):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(InvalidTokenError):
            tokens.read(changed)


@pytest.mark.parametrize("text", ["", "x", "é" * 86, "A" * 86, "A" * 200, "*" * 86])
def test_rubbish_is_refused(tokens: RefreshTokens, text: str) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.read(text)


def test_another_servers_token_is_refused(tokens: RefreshTokens) -> None:
    other = RefreshTokens(keys=(b"o" * 32,), randomness=SystemRandomness())

    with pytest.raises(InvalidTokenError):
        tokens.read(other.show(other.first(SESSION)))


def test_sessions_outlive_a_rotation_and_end_when_the_old_key_is_taken_away() -> None:
    old, new = b"o" * 32, b"n" * 32
    before, during, after = (
        RefreshTokens(keys=keys, randomness=SystemRandomness()) for keys in ((old,), (new, old), (new,))
    )
    kept = before.show(before.first(SESSION))

    successor = during.successor(during.read(kept))
    shown = during.show(successor)

    assert successor == during.successor(during.read(kept)), "an honest double submit gets the same one"
    assert after.read(shown) == successor, "the new key knows whatever was refreshed during the rotation"
    with pytest.raises(InvalidTokenError):
        after.read(kept)
    with pytest.raises(InvalidTokenError):
        before.read(shown)


def test_no_secret_is_shown_by_accident(tokens: RefreshTokens) -> None:
    token = tokens.first(SESSION)

    assert "secret" not in repr(token)
    assert token.secret not in token.digest
