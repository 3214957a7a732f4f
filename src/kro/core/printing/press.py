"""The child process that sets one document: the template and its data on standard input, the PDF on standard output.

Started by path, so that it loads nothing of the program but the typesetter.
"""

from __future__ import annotations

import json
import sys

import typst


def main() -> None:
    """Set one document with the fonts that come with the typesetter, whatever this machine has installed."""
    job = json.load(sys.stdin.buffer)
    pages = typst.compile(
        job["template"].encode(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(job["data"])},
    )
    sys.stdout.buffer.write(pages)


if __name__ == "__main__":
    main()
