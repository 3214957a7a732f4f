from __future__ import annotations


class ConfigError(Exception):
    """The process cannot start with this configuration.

    ``problems`` names each offending key by its path and never repeats a value, which may be a secret.
    """

    def __init__(self, environment: str, problems: tuple[str, ...]) -> None:
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"The {environment} configuration cannot be used:{lines}")
        self.environment = environment
        self.problems = problems
