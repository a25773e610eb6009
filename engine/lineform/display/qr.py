"""QR pictures, for screens and for print."""

from __future__ import annotations

import io

import segno

KINDS = {"png": "image/png", "svg": "image/svg+xml"}
"""The kinds of pictures, with their content types."""


def qr_picture(address: str, kind: str) -> bytes:
    """A QR picture of an address, with the quiet zone and the error correction that a poster needs. Raises ValueError
    where it is too long for one (more than about 1,600 characters)."""
    out = io.BytesIO()
    made = segno.make(address, error="q", micro=False)
    made.save(out, kind=kind, border=4, scale=16 if kind == "png" else 8, dark="#000", light="#fff")
    return out.getvalue()
