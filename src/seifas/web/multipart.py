"""Reads a form with one file as it comes (RFC 7578, RFC 2046 section 5.1.1), for browsers without scripts.

Nothing is spooled: the fields before the file are short and kept in memory, the file is handed on as it arrives. The
file has to be the last field, as in our own form, so its size follows from Content-Length before its first byte.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from seifas.errors import Invalid, TooLarge

MOST_FIELDS = 32
MOST_FIELD = 4096
MOST_HEAD = 2048
_BOUNDARY = re.compile(r'multipart/form-data\s*;\s*boundary="?([A-Za-z0-9\'()+_,./:=?-]{1,70})"?\s*\Z', re.IGNORECASE)
_NAME = re.compile(rb'\bname="([a-z_]{1,40})"')
_FILENAME = re.compile(rb'\bfilename="([^"\r\n]*)"')
_WRONG = "The form cannot be read."


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart form. Raises Invalid."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise Invalid(_WRONG, where="multipart")
    return found[1].encode("ascii")


class FormWithFile:
    """A form whose last field is a file: `fields()` first, then `size`, then `file()`."""

    def __init__(self, chunks: AsyncIterator[bytes], boundary: bytes, length: int) -> None:
        self._chunks = chunks
        self._mark = b"--" + boundary
        self._length = length
        self._taken = 0
        self._buffer = bytearray()
        self.size = -1
        """Bytes of the file, once `fields` has returned."""
        self.name = ""
        """What the browser calls the file: a stranger's text. Once `fields` has returned."""

    async def fields(self) -> dict[str, str]:
        """The fields before the file. Raises Invalid for what is no such form, TooLarge for a long field."""
        if self._length < 0:
            raise Invalid("Say Content-Length.", where="multipart")
        await self._expect(self._mark + b"\r\n")
        found: dict[str, str] = {}
        for _ in range(MOST_FIELDS):
            head = await self._until(b"\r\n\r\n", MOST_HEAD)
            named = _NAME.search(head)
            if named is None:
                raise Invalid(_WRONG, where="multipart")
            if b"filename=" in head.lower():
                self.size = self._length - self._taken - len(b"\r\n" + self._mark + b"--\r\n")
                called = _FILENAME.search(head)
                self.name = called[1].decode("utf-8", "replace") if called is not None else ""
                return found
            value = await self._until(b"\r\n" + self._mark + b"\r\n", MOST_FIELD)
            try:
                found[named[1].decode("ascii")] = value.decode("utf-8")
            except UnicodeDecodeError:
                raise Invalid(_WRONG, where="multipart") from None
        raise Invalid("The form has too many fields, or no file.", where="multipart")

    async def file(self, part: int) -> AsyncIterator[bytes]:
        """The file's bytes, `part` at a time. Raises Invalid where the form does not end after it."""
        left = self.size
        if left < 0:
            raise Invalid(_WRONG, where="multipart")
        while left:
            wanted = min(part, left)
            while len(self._buffer) < wanted:
                await self._more()
            data = bytes(self._buffer[:wanted])
            del self._buffer[:wanted]
            left -= wanted
            yield data
        await self._expect(b"\r\n" + self._mark + b"--\r\n")

    async def _expect(self, text: bytes) -> None:
        while len(self._buffer) < len(text):
            await self._more()
        if self._buffer[: len(text)] != text:
            raise Invalid(_WRONG, where="multipart")
        del self._buffer[: len(text)]
        self._taken += len(text)

    async def _until(self, end: bytes, most: int) -> bytes:
        searched = 0
        while True:
            at = self._buffer.find(end, max(0, searched - len(end)))
            if at > most or (at < 0 and len(self._buffer) > most + len(end)):
                raise TooLarge("A field of the form is too long.", where="multipart")
            if at >= 0:
                break
            searched = len(self._buffer)
            await self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(end)]
        self._taken += at + len(end)
        return found

    async def _more(self) -> None:
        try:
            self._buffer += await anext(self._chunks)
        except StopAsyncIteration:
            raise Invalid("The form ends too early.", where="multipart") from None
