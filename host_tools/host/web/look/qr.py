"""QR codes as SVG (ISO/IEC 18004), for a phone to look at."""

from markupsafe import Markup


def square(content: str) -> Markup:
    """An SVG element that holds the content, black on white whatever the look, with its quiet zone."""
    from segno import make

    return Markup(
        make(content, error="m").svg_inline(scale=4, border=4, light="#fff", svgclass="qr", lineclass=None)
    )
