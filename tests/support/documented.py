"""Holds every answer of a test to what the API documentation promises."""

from __future__ import annotations

import re
from typing import Any

import httpx2

from canaries import leaks

PROBLEM = "application/problem+json"


class Documentation:
    """What ``/openapi.json`` says of each operation, looked up by a request's method and path."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.operations = {
            (method.upper(), path): operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        # A literal segment wins over a parameter, as in the router.
        self._patterns = sorted(
            ((method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$"), path) for method, path in self.operations),
            key=lambda entry: entry[2].count("{"),
        )

    async def check(self, response: httpx2.Response) -> None:
        """A response hook: fail on any status or problem code that its operation does not document."""
        await response.aread()
        found = self.find(response.request.method, response.request.url.path)
        if found is None:
            return
        where = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
        documented = found["responses"].get(str(response.status_code))
        assert documented is not None, f"{where}, which is not documented: {response.text}"
        if response.status_code >= 400:
            # What a proof is for is told to whoever just asked for it, with the account they named.
            if "step_up" not in response.json():
                assert not (told := leaks(response.text)), f"{where} and told {told}"
            code = response.json()["code"]
            examples = documented["content"][PROBLEM]["examples"]
            assert code in examples, f"{where} {code!r}, which is not documented"

    def find(self, method: str, path: str) -> dict[str, Any] | None:
        for its_method, pattern, template in self._patterns:
            if its_method == method and pattern.match(path):
                operation: dict[str, Any] = self.operations[method, template]
                return operation
        return None
