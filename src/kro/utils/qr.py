"""QR codes as SVG, without any imaging library."""

from __future__ import annotations


def qr_svg(text: str) -> str:
    """Return a text as a QR code: an SVG document, black on nothing."""
    # Loaded where it is used: a server that shows no code starts without it.
    import qrcode  # noqa: PLC0415
    from qrcode.image.svg import SvgPathImage  # noqa: PLC0415

    image = qrcode.make(text, image_factory=SvgPathImage, box_size=10)
    return str(image.to_string(encoding="unicode"))
