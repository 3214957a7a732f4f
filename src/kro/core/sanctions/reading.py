"""Files of sanctions lists, as their publishers make them. Documents with entities or a DTD are refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from kro.core.sanctions.entries import ListFormat, Parsed, UnreadableListError

_NOTHING: Final = "-0-"
_OFAC_COLUMNS: Final = 12
_OFAC_NAME, _OFAC_REMARKS = 1, 11
_OFAC_DOB: Final = re.compile(r"DOB\s+([^;.]+)")
_CSV_COLUMNS: Final = ("ref", "name")
_UN_NAMES: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read_list(data: bytes, form: ListFormat) -> Parsed:
    """Return everybody a file names; what cannot be read is counted and told, and the rest is used.

    :raises UnreadableListError: when the file as a whole is not of its format, or nobody is in it.
    """
    readers: dict[ListFormat, Callable[[bytes], Parsed]] = {
        ListFormat.UN_XML: _read_un,
        ListFormat.OFAC_XML: _read_ofac_xml,
        ListFormat.OFAC_CSV: _read_ofac_csv,
        ListFormat.CSV: _read_csv,
    }
    parsed = readers[form](data)
    if not parsed.entries:
        # An empty list would clear everybody of suspicion.
        raise UnreadableListError
    return parsed


def _read_un(data: bytes) -> Parsed:
    root, parsed = _document(data, "CONSOLIDATED_LIST"), Parsed()
    for person in root.iter("INDIVIDUAL"):
        names = [" ".join(filter(None, (_text(person, part) for part in _UN_NAMES)))]
        names += [_text(alias, "ALIAS_NAME") for alias in person.iter("INDIVIDUAL_ALIAS")]
        born = [
            _text(dates, "DATE") or _text(dates, "YEAR") or _text(dates, "FROM_YEAR")
            for dates in person.iter("INDIVIDUAL_DATE_OF_BIRTH")
        ]
        parsed.take(_un_ref(person), names, born, where=f"individual {_un_ref(person) or '?'}")
    for body in root.iter("ENTITY"):
        names = [_text(body, "FIRST_NAME")]
        names += [_text(alias, "ALIAS_NAME") for alias in body.iter("ENTITY_ALIAS")]
        parsed.take(_un_ref(body), names, [], where=f"entity {_un_ref(body) or '?'}")
    return parsed


def _un_ref(element: Element) -> str:
    return _text(element, "REFERENCE_NUMBER") or _text(element, "DATAID")


def _read_ofac_xml(data: bytes) -> Parsed:
    root, parsed = _document(data, "sdnList"), Parsed()
    for entry in _named(root, "sdnEntry"):
        names = [_ofac_name(entry)]
        names += [_ofac_name(aka) for aka in _named(entry, "aka")]
        born = [_text(item, "dateOfBirth") for item in _named(entry, "dateOfBirthItem")]
        ref = _text(entry, "uid")
        parsed.take(ref, names, born, where=f"entry {ref or '?'}")
    return parsed


def _ofac_name(element: Element) -> str:
    return f"{_text(element, 'firstName')} {_text(element, 'lastName')}".strip()


def _read_ofac_csv(data: bytes) -> Parsed:
    parsed = Parsed()
    for number, row in enumerate(_rows(data), start=1):
        if len(row) < _OFAC_COLUMNS:
            # The published file ends with a control character on a line of its own.
            if any(cell.strip("\x1a \t") for cell in row):
                parsed.skip(f"line {number}", "too few columns")
            continue
        cells = ["" if cell.strip() == _NOTHING else cell.strip() for cell in row]
        last, _, first = cells[_OFAC_NAME].partition(",")
        born = _OFAC_DOB.findall(cells[_OFAC_REMARKS])
        parsed.take(cells[0], [f"{first} {last}"], born, where=f"line {number}")
    return parsed


def _read_csv(data: bytes) -> Parsed:
    rows = _rows(data)
    head = [cell.strip().lower() for cell in next(rows, [])]
    if not set(_CSV_COLUMNS) <= set(head):
        raise UnreadableListError("A plain list begins with a line that names its columns, among them ref and name.")
    gathered: dict[str, tuple[list[str], list[str]]] = {}
    parsed = Parsed()
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        cells = dict(zip(head, (cell.strip() for cell in row), strict=False))
        ref, name = cells.get("ref", ""), cells.get("name", "")
        if not ref or not name:
            parsed.skip(f"line {number}", "no reference" if not ref else "no name")
            continue
        names, born = gathered.setdefault(ref, ([], []))
        names.append(name)
        born.append(cells.get("born", ""))
    for ref, (names, born) in gathered.items():
        parsed.take(ref, names, born, where=f"entry {ref}")
    return parsed


def _rows(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\x00" in text:
        raise UnreadableListError
    try:
        yield from csv.reader(io.StringIO(text), strict=True)
    except csv.Error:
        raise UnreadableListError from None


def _document(data: bytes, name: str) -> Element:
    # Only who reads a list needs the parser, and few processes ever do.
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    try:
        root: Element = fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise UnreadableListError from None
    if _plain(root.tag) != name:
        raise UnreadableListError
    return root


def _named(element: Element, name: str) -> Iterator[Element]:
    """Return descendants by name, whatever namespace the year's edition has."""
    return (found for found in element.iter() if _plain(found.tag) == name)


def _text(element: Element, name: str) -> str:
    found = next((child for child in element if _plain(child.tag) == name), None)
    return (found.text or "").strip() if found is not None else ""


def _plain(tag: object) -> str:
    return str(tag).rpartition("}")[2]
