from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest

from kro.core.decisions import Reply
from kro.core.encryption import FieldCipher, SealedValueError
from kro.order.domain.kept_links import KeptLinks

LINKS = KeptLinks(FieldCipher(keys={"k": bytes(32)}, active_key_id="k"))
ASK: Any = SimpleNamespace(actor=SimpleNamespace(id=UUID(int=1)), once=SimpleNamespace(key="k1"))


def answer(url: str) -> Any:
    return Reply(status=201, body=orjson.dumps({"upload": {"url": url}}))


def test_the_link_that_the_release_before_kept_is_given_again_as_it_is() -> None:
    kept = answer("https://files.example/a?signature=b")

    assert LINKS.opened(kept, ASK) == kept


def test_anything_else_has_to_be_sealed() -> None:
    with pytest.raises(SealedValueError):
        LINKS.opened(answer("files.example/a"), ASK)
