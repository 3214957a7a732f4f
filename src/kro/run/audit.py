"""`kro audit`: the chain of the audit log recomputed, and written to a file, from a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from kro.bootstrap import Application
from kro.core.audit import Stretch, Verdict, check_file
from kro.core.config import Settings
from kro.core.ids import show_id
from kro.run.errors import StartError
from kro.run.with_application import with_application


def verify_audit(settings: Settings, console: Console, *, files: Sequence[Path]) -> bool:
    """Print what recomputing the chain came to, and whether each file is intact and ends as the chain does there.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises AuditFileInvalidError: for a file that was changed.
    :raises StartError: for a file that cannot be read.
    """
    kept = [_stretch_of(path) for path in files]

    async def ask(application: Application) -> tuple[Verdict, list[bool]]:
        auditing = application.auditing
        verdict = await auditing.chain.verify()
        return verdict, [await auditing.files.belongs(stretch) for stretch in kept]

    verdict, agreed = with_application(settings, ask)
    broken = verdict.broken
    if broken is None:
        console.print(f"All {verdict.head_position} sealed rows hold. Head: {verdict.head_hash.hex()}", highlight=False)
    else:
        where = f"at position {broken.position}" if broken.position is not None else "behind the head"
        named = f" ({show_id('aud', broken.audit_id)}, {broken.audit_id})" if broken.audit_id is not None else ""
        console.print(f"The chain is broken {where}: {broken.damage}{named}.", style="red", highlight=False)
    for path, agrees in zip(files, agreed, strict=True):
        told = "agrees with the chain" if agrees else "DISAGREES: the chain was written anew after it"
        console.print(f"{path} {told}.", style=None if agrees else "red", highlight=False)
    return broken is None and all(agreed)


def export_audit(settings: Settings, console: Console, *, out: Path, after: int) -> None:
    """Write the sealed rows behind a position to a new file.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises AuditBrokenError: at the first row that is not what was sealed; the file ends there without its last line.
    :raises StartError: the file exists or cannot be written.
    """

    async def write(application: Application) -> Stretch:
        head = await application.auditing.files.head()
        # A terminal's command has nothing else to do while it writes.
        with out.open("xb") as file:
            async for line in application.auditing.files.lines(after=after, through=head.position):
                file.write(line)
        return head

    try:
        head = with_application(settings, write)
    except OSError as error:
        raise StartError(f"{out} cannot be written: {error.strerror}.") from error
    console.print(f"Wrote {head.position - after} rows to {out}. Head: {head.hash.hex()}", highlight=False)


def _stretch_of(path: Path) -> Stretch:
    try:
        with path.open("rb") as lines:
            return check_file(lines)
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}.") from error
