"""What users agree to before a number of theirs is looked up. A text never changes: another one follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ConsentText:
    version: str
    text: str


CONSENT_TEXTS: Final = (
    ConsentText(
        version="2026-11",
        text=(
            "I agree that KRO passes my BVN or NIN, my names and my date of birth to a licensed identity service to "
            "confirm who I am, keeps the number encrypted for as long as the law demands, and shows it to nobody."
        ),
    ),
)
CURRENT_CONSENT: Final = CONSENT_TEXTS[-1]
