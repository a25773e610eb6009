"""The answer's side of HTTP/1.1: its head, and a body in each of the three ways in which it may end.

https://www.rfc-editor.org/rfc/rfc9112#name-message-body-length
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?")
_SIZE: Final = re.compile(rb"[0-9a-fA-F]{1,8}(?=[ \t;]|$)")
_LONGEST_LINE: Final = 4096


class Trouble(Exception):
    """No whole answer came; the text says why in words of our own."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; names in lower case, of repeated ones the last."""

    status: int
    headers: dict[bytes, bytes]
    stays: bool
    """Whether the connection may be used again."""

    @classmethod
    def read(cls, data: bytes) -> Head:
        """Raises Trouble where it is no head of HTTP/1."""
        first, *lines = data.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            raise Trouble("the answer is not HTTP")
        headers: dict[bytes, bytes] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            name = name.lower()
            if not colon or not name or name.strip() != name:
                raise Trouble("the answer is not HTTP")
            value = value.strip()
            if name == b"content-length" and headers.get(name, value) != value:
                raise Trouble("the answer has two lengths")
            headers[name] = value
        connection = headers.get(b"connection", b"").lower()
        stays = connection != b"close" and (status[1] == b"1" or connection == b"keep-alive")
        return cls(int(status[2]), headers, stays)


class BodyReader:
    """Gathers a body; `feed` tells whether it is whole. A body longer than `longest` ends there, as its beginning."""

    ends_with_connection = False

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.body = b""
        self.exact = True
        """Whether all that came belonged to this body, and all of this body came."""
        self.cut = False
        """Whether it is too long, and `body` only its beginning."""

    def feed(self, data: bytes) -> bool:
        raise NotImplementedError

    def _cut(self) -> bool:
        self.body = self.body[: self._longest]
        self.exact, self.cut = False, True
        return True


class _Sized(BodyReader):
    def __init__(self, longest: int, length: int) -> None:
        super().__init__(longest)
        self._length = length

    def feed(self, data: bytes) -> bool:
        self.body = self.body + data if self.body else data
        if len(self.body) >= self._length:
            self.exact = len(self.body) == self._length
            self.body = self.body[: self._length]
            return self._cut() if self._length > self._longest else True
        return self._cut() if len(self.body) > self._longest else False


class _ToTheEnd(BodyReader):
    ends_with_connection = True

    def feed(self, data: bytes) -> bool:
        self.body += data
        return self._cut() if len(self.body) > self._longest else False


class _Chunked(BodyReader):
    """https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding; extensions and trailers are passed over."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self._held = b""
        self._missing = 0
        """Bytes of the current chunk, with its line's end, that have not come yet."""
        self._trailing = False

    def feed(self, data: bytes) -> bool:
        held = self._held + data
        while True:
            if self._missing:
                piece = held[: self._missing]
                held = held[len(piece) :]
                self._take(piece)
                if self._missing:
                    break
                if len(self.body) > self._longest:
                    return self._cut()
            line, end, rest = held.partition(b"\r\n")
            if not end:
                if len(held) > _LONGEST_LINE:
                    raise Trouble("the answer is not HTTP")
                break
            held = rest
            if self._trailing:
                if not line:
                    self.exact = not held
                    return True
                continue
            size = _SIZE.match(line)
            if size is None:
                raise Trouble("the answer is not HTTP")
            length = int(size[0], 16)
            self._trailing = length == 0
            self._missing = length + 2 if length else 0
        self._held = held
        return False

    def _take(self, piece: bytes) -> None:
        before = self._missing
        self._missing -= len(piece)
        text = max(0, before - 2)
        self.body += piece[:text]
        end = b"\r\n"[max(0, 2 - before) :]
        if not end.startswith(piece[text:]):
            raise Trouble("the answer is not HTTP")


def reader_of(head: Head, longest: int) -> BodyReader:
    """How this answer's body is to be read. Raises Trouble where it cannot be known where it ends."""
    coding = head.headers.get(b"transfer-encoding")
    length = head.headers.get(b"content-length")
    if head.status in {204, 304}:
        return _Sized(longest, 0)
    if coding is not None:
        if coding.lower() != b"chunked" or length is not None:
            raise Trouble("the answer's end cannot be known")
        return _Chunked(longest)
    if length is None:
        return _ToTheEnd(longest)
    if not length.isdigit():
        raise Trouble("the answer's end cannot be known")
    return _Sized(longest, int(length))
