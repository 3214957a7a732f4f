"""What a handler may say besides "done": later, or never."""

from __future__ import annotations


class RetryLater(Exception):  # noqa: N818 - an instruction to whoever called the handler, not a failure of its own
    """Asks for another try.

    ``reason`` is a short code without personal data. ``after_seconds`` replaces the usual back-off, for example with
    a provider's ``Retry-After``. Who tried nothing, but waits for news of an earlier try, says ``is_try=False``: that
    uses up none of the tries a message has, so the handler itself bounds how long it waits.
    """

    def __init__(self, reason: str, *, after_seconds: float | None = None, is_try: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_seconds = after_seconds
        self.is_try = is_try


class GiveUp(Exception):  # noqa: N818 - as above
    """Says that no further try can succeed. ``reason`` is a short code without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
