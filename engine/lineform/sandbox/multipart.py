"""A multipart/form-data body taken apart (RFC 7578), large text files included."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from lineform.sandbox.answers import Call, refuse

MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `content_type` is empty where the part names none, as a plain field does."""

    content_type: str
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def form_parts(call: Call) -> dict[str, Part]:
    """The parts by their names; a name that comes twice keeps its first part."""
    head = _header(call.headers.get("content-type", ""))
    if head.get_content_type() != MULTIPART:
        raise refuse(415, f"The content type, {head.get_content_type()}, is not supported")
    boundary = head.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise refuse(400, "The multipart body has no boundary")
    parts: dict[str, Part] = {}
    # The line break before a delimiter is part of the delimiter; the first delimiter has none.
    for piece in (b"\r\n" + call.body).split(b"\r\n--" + boundary.encode("latin-1"))[1:]:
        if piece.startswith(b"--"):
            return parts
        lines, between, data = piece.partition(b"\r\n\r\n")
        if not between:
            break
        _keep(parts, lines, data)
    raise refuse(400, "The multipart body does not end as it should")


def _keep(parts: dict[str, Part], lines: bytes, data: bytes) -> None:
    headers = {}
    for line in lines.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = _header(headers.get("content-disposition", ""), "content-disposition")
    field = disposition.get_param("name", header="content-disposition")
    if isinstance(field, str):
        kind = headers.get("content-type", "")
        parts.setdefault(field, Part(_header(kind).get_content_type() if kind else "", data))


def _header(value: str, name: str = "content-type") -> Message:
    """The standard library's own reading of parameters and quotes."""
    message = Message()
    message[name] = value
    return message
