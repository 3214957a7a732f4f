"""Pages for people: templates inside the package, no script or style from elsewhere."""

import re
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


def money(amount: int, currency: str = "NGN") -> str:
    """Write subunits as people read them: `NGN 1,234.50`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{currency} {abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def clock(at: datetime) -> str:
    """Write the time of day in UTC, whichever zone a vendor keeps."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def linked(text: str) -> Markup:
    """Escape a text and make its web addresses clickable."""
    pieces, position = Markup(""), 0
    for match in _LINK.finditer(text):
        pieces += escape(text[position : match.start()])
        pieces += Markup('<a href="{0}">{0}</a>').format(match[0])
        position = match.end()
    return pieces + escape(text[position:])


class Pages:
    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("kro_sandbox", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["money"] = money
        self._templates.filters["clock"] = clock
        self._templates.filters["linked"] = linked

    def render(self, request: Request, template: str, *, status: int = 200, **context: object) -> Response:
        page = self._templates.get_template(template).render(path=request.url.path, **context)
        return HTMLResponse(page, status_code=status)
