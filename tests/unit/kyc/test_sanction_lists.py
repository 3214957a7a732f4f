"""Files of sanctions lists: as published, damaged, and hostile. The people in them are invented."""

from __future__ import annotations

import pytest

from kro.core.sanctions import Entry, ListFormat, UnreadableListError, read_list

UN = b"""<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-11-01T00:00:00">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <DATAID>1</DATAID><FIRST_NAME>OMARU</FIRST_NAME><SECOND_NAME>TESTO</SECOND_NAME><THIRD_NAME>BALA</THIRD_NAME>
      <REFERENCE_NUMBER>QDi.900</REFERENCE_NUMBER>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Umaru Testo</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-05-01</DATE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1971</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
    </INDIVIDUAL>
    <INDIVIDUAL><DATAID>2</DATAID><REFERENCE_NUMBER>QDi.901</REFERENCE_NUMBER></INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES>
    <ENTITY><DATAID>3</DATAID><FIRST_NAME>TESTO TRADING</FIRST_NAME><REFERENCE_NUMBER>QDe.902</REFERENCE_NUMBER>
      <ENTITY_ALIAS><ALIAS_NAME>Testo Bureau</ALIAS_NAME></ENTITY_ALIAS></ENTITY>
  </ENTITIES>
</CONSOLIDATED_LIST>"""

OFAC_XML = b"""<?xml version="1.0"?>
<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">
  <sdnEntry><uid>77</uid><firstName>Omaru</firstName><lastName>TESTO</lastName><sdnType>Individual</sdnType>
    <akaList><aka><uid>1</uid><category>strong</category><lastName>TESTU</lastName><firstName>Omar</firstName></aka>
    </akaList>
    <dateOfBirthList><dateOfBirthItem><uid>2</uid><dateOfBirth>01 May 1970</dateOfBirth></dateOfBirthItem>
      <dateOfBirthItem><uid>3</uid><dateOfBirth>circa 1971</dateOfBirth></dateOfBirthItem></dateOfBirthList></sdnEntry>
  <sdnEntry><uid>78</uid><lastName>TESTO SHIPPING</lastName><sdnType>Entity</sdnType></sdnEntry>
  <sdnEntry><lastName>NOBODY</lastName></sdnEntry>
</sdnList>"""

OFAC_CSV = (
    b'77,"TESTO, Omaru","individual","SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 01 May 1970; DOB 1971."\r\n'
    b'78,"TESTO SHIPPING","-0- ","SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n'
    b"79,broken\r\n\x1a\r\n"
)

CSV = "ref,name,born\nN1,Omaru Testo,1970-05-01\nN1,Umaru Testo,\nN2,\n,Someone,\n\nN3,Ọmọ Testo,1980\n".encode()


@pytest.mark.parametrize(
    ("data", "form", "entries", "unreadable"),
    [
        (
            UN,
            ListFormat.UN_XML,
            [
                Entry("QDi.900", ("OMARU TESTO BALA", "Umaru Testo"), ("1970-05-01", "1971")),
                Entry("QDe.902", ("TESTO TRADING", "Testo Bureau")),
            ],
            1,
        ),
        (
            OFAC_XML,
            ListFormat.OFAC_XML,
            [Entry("77", ("Omaru TESTO", "Omar TESTU"), ("1970-05-01", "1971")), Entry("78", ("TESTO SHIPPING",))],
            1,
        ),
        (
            OFAC_CSV,
            ListFormat.OFAC_CSV,
            [Entry("77", ("Omaru TESTO",), ("1970-05-01", "1971")), Entry("78", ("TESTO SHIPPING",))],
            1,
        ),
        (
            CSV,
            ListFormat.CSV,
            [Entry("N1", ("Omaru Testo", "Umaru Testo"), ("1970-05-01",)), Entry("N3", ("Ọmọ Testo",), ("1980",))],
            2,
        ),
    ],
    ids=["un", "ofac xml", "ofac csv", "csv"],
)
def test_a_list_is_read_and_what_is_broken_in_it_is_told(
    data: bytes, form: ListFormat, entries: list[Entry], unreadable: int
) -> None:
    parsed = read_list(data, form)

    assert parsed.entries == entries
    assert (parsed.unreadable, len(parsed.problems)) == (unreadable, unreadable)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>&c;</FIRST_NAME></INDIVIDUAL></INDIVIDUALS>
</CONSOLIDATED_LIST>"""
FILE = BOMB.replace(b'<!ENTITY b "bbbbbbbbbb">', b'<!ENTITY b SYSTEM "file:///etc/passwd">')
DTD = UN.replace(b"<CONSOLIDATED_LIST", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><CONSOLIDATED_LIST', 1)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", ListFormat.UN_XML),
        (b"not xml", ListFormat.UN_XML),
        (UN[:400], ListFormat.UN_XML),
        (b"<html/>", ListFormat.UN_XML),
        (b"<CONSOLIDATED_LIST/>", ListFormat.UN_XML),
        (b'<?xml version="1.0" encoding="no-such"?><CONSOLIDATED_LIST/>', ListFormat.UN_XML),
        (UN, ListFormat.OFAC_XML),
        (BOMB, ListFormat.UN_XML),
        (FILE, ListFormat.UN_XML),
        (DTD, ListFormat.UN_XML),
        (b"", ListFormat.OFAC_CSV),
        (b"\x00\x01\x02", ListFormat.OFAC_CSV),
        (b"", ListFormat.CSV),
        (b"name,born\nA B,1970", ListFormat.CSV),
        (b"ref,name\n", ListFormat.CSV),
        (b'ref,name\n1,"unclosed', ListFormat.CSV),
    ],
)
def test_what_is_no_list_or_hostile_is_refused_whole(data: bytes, form: ListFormat) -> None:
    with pytest.raises(UnreadableListError):
        read_list(data, form)
