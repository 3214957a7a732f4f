import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.utils.csv_text import csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        '=HYPERLINK("http://evil.example","x")',
        "＝1",  # noqa: RUF001 - a full-width sign, which some spreadsheets take for the plain one
    ],
)
def test_what_a_spreadsheet_would_calculate_is_only_text(typed: str) -> None:
    assert read(csv_text(["title"], [[typed]]))[1] == [f"'{typed}"]


@pytest.mark.parametrize("typed", ["-1234.50", "15", "Laptop", "a=b", "O'Neil", "ord_1", ""])
def test_numbers_and_words_stay_as_they_are(typed: str) -> None:
    assert read(csv_text(["title", "x"], [[typed, "x"]]))[1] == [typed, "x"]


def test_cells_may_be_empty_or_numbers() -> None:
    assert csv_text(["a", "b"], [[None, -5]]) == "a,b\r\n,-5\r\n"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_nothing_breaks_out_of_its_cell(rows: list[list[str]]) -> None:
    found = read(csv_text(["a", "b"], rows))

    assert len(found) == len(rows) + 1
    assert all(
        cell.lstrip()[:1] not in set("=+-@") or cell.lstrip("-").replace(".", "").isdigit()
        for row in found
        for cell in row
    )
