import pytest

from kro.core.storage import ContentTypeError, detect_content_type, inspect

SAMPLES = {
    "application/pdf": b"%PDF-1.7\n...",
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/jpeg": b"\xff\xd8\xff\xe0..JFIF",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42....",
}


@pytest.mark.parametrize(("content_type", "data"), SAMPLES.items())
def test_each_accepted_kind_is_recognized(content_type: str, data: bytes) -> None:
    assert detect_content_type(data) == content_type


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b" %PDF-1.7",
        b"RIFF\x24\x00\x00\x00WAVE",
        b"\x00\x00\x00\x18ftypheic",
        b"\x89PNG\n",
        b"GIF89a",
    ],
)
def test_nothing_else_is(data: bytes) -> None:
    assert detect_content_type(data) is None


def test_a_file_is_fingerprinted() -> None:
    inspected = inspect(b"%PDF-1.7", declared_content_type="Application/PDF; charset=binary")

    assert (inspected.content_type, inspected.size_bytes) == ("application/pdf", 8)
    assert inspected.sha256 == "86edbaa24831badfa0a8b04bb410141e2ee4182b6d0014493fe262a7a331c20b"


@pytest.mark.parametrize("declared", ["image/png", "text/html", ""])
def test_a_file_that_is_not_what_it_was_declared_to_be_is_refused(declared: str) -> None:
    with pytest.raises(ContentTypeError):
        inspect(b"%PDF-1.7", declared_content_type=declared)
