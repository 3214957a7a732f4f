from __future__ import annotations

import pytest

from kro.core.rate_limit import RateLimitedError
from kro.verification.database import RecentCodes
from kro.verification.domain.resending import delay_after, ensure_waited

DELAYS = (60, 120, 300, 600)


@pytest.mark.parametrize(("sent", "delay"), [(0, 60), (1, 60), (2, 120), (3, 300), (4, 600), (9, 600)])
def test_each_code_makes_the_next_wait_longer(sent: int, delay: int) -> None:
    assert delay_after(sent, DELAYS) == delay


@pytest.mark.parametrize(
    ("sent", "since", "on_whatsapp", "wait"),
    [
        (1, 59.0, False, 1),
        (1, 30.0, False, 30),
        (1, 29.0, True, 1),
        (2, 119.0, False, 1),
        (2, 59.0, True, 1),
        (8, 0.0, False, 600),
    ],
)
def test_who_has_not_waited_is_told_how_long(sent: int, since: float, on_whatsapp: bool, wait: int) -> None:
    with pytest.raises(RateLimitedError) as refused:
        ensure_waited(RecentCodes(sent, since), delays=DELAYS, on_whatsapp=on_whatsapp)

    assert refused.value.retry_after_seconds == wait


@pytest.mark.parametrize(
    ("sent", "since", "on_whatsapp"), [(0, 0.0, False), (1, 60.0, False), (1, 30.0, True), (2, 120.0, False)]
)
def test_who_has_waited_may_ask(sent: int, since: float, on_whatsapp: bool) -> None:
    ensure_waited(RecentCodes(sent, since), delays=DELAYS, on_whatsapp=on_whatsapp)
