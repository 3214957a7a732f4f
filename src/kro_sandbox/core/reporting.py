"""When a message is reported, and as what: the order of events is every vendor's own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kro_sandbox.core.background import Background
from kro_sandbox.core.numbers import LATE_REPORT_DELAY, Magic, magic
from kro_sandbox.core.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Tells what became of messages, as the number that they went to has it."""

    background: Background
    options: Options

    def schedule(
        self, number: str, *, before: Sequence[str], end: str, report: Callable[[str], None], after: Sequence[str] = ()
    ) -> None:
        """Report `before` at once, `end` once the message has arrived or has not, and `after` after that."""
        kind = magic(number)
        if not self.options.message_reports or kind is Magic.NEVER_REPORTED:
            return
        delay = LATE_REPORT_DELAY if kind is Magic.REPORTED_LATE else self.options.message_report_delay
        for state in before:
            self.background.start(_telling(report, state))
        for _ in range(2 if kind is Magic.REPORTED_TWICE else 1):
            for state in (end, *after):
                self.background.start(_telling(report, state), delay=delay)


def _telling(report: Callable[[str], None], state: str) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        report(state)

    return tell
