"""`kro months`, against a running database."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from kro.core.audit import MonthKeptError
from kro.core.config import Settings
from kro.run.months import detach_month, list_months, verify_months
from kro_api import settings_for


@pytest.fixture
def settings(fresh_database: Any) -> Settings:
    return settings_for(fresh_database.cluster, fresh_database.name)


def test_months_are_listed_and_stay_while_they_are_young(settings: Settings) -> None:
    file = io.StringIO()
    console = Console(file=file, width=200)

    list_months(settings, console)
    assert file.getvalue().startswith("audit_log_first\naudit_log_2")
    for name, reason in (("audit_log_first", "did not end"), ("ledger_entries_first", "no attached month")):
        with pytest.raises(MonthKeptError, match=reason):
            detach_month(settings, console, partition=name)
    verify_months(settings, console)
