"""The few pages for browsers: small templates of one file, in which every fact is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


class HTMLPage:
    """A Jinja template; it is compiled when it is first shown, as most processes never show it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._compiled: jinja2.Template | None = None

    def render(self, **facts: Any) -> str:  # noqa: ANN401 - whatever the template names
        """Return the page.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        if self._compiled is None:
            import jinja2  # noqa: PLC0415 - see above

            environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
            self._compiled = environment.from_string(self._source)
        return self._compiled.render(**facts)
