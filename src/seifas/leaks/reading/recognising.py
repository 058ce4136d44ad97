"""What a leaked file is, by its bytes and nothing else: names and content types are the thief's words."""

from __future__ import annotations

import re
from typing import Final

LOOKED_AT: Final = 64 * 1024

_FIRST: Final = (
    (b"%PDF-", "pdf"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"), (b"7z\xbc\xaf\x27\x1c", "archive-kind"), (b"Rar!\x1a\x07", "archive-kind"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old-office"), (b"\xff\xd8\xff", "picture"),
    (b"\x89PNG\r\n\x1a\n", "picture"), (b"GIF8", "picture"), (b"II*\x00", "picture"), (b"MM\x00*", "picture"),
    (b"BM", "bitmap"),
    (b"SQLite format 3\x00", "unknown-kind"), (b"\x7fELF", "unknown-kind"), (b"MZ", "program"),
    (b"{\\rtf", "rtf"),
)  # fmt: skip
_MAIL_FIELDS: Final = re.compile(
    rb"(?im)^(?:from|to|subject|date|message-id|mime-version|received|return-path|delivered-to|content-type|reply-to|"
    rb"x-[a-z0-9-]+): "
)
_FIELD: Final = re.compile(rb"[!-9;-~]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n")
_HTML: Final = re.compile(
    rb"(?is)<(?:!doctype\s+html|html|head|body|table|div|title|meta|p|span|article|section|tr|td|ul|li|br|h[1-6])\b"
)
_SQL: Final = re.compile(
    rb"(?im)^[ \t]{0,99}(?:insert\s{1,9}(?:(?:ignore|or\s\w{1,9})\s{1,9})?into\s|create\s{1,9}table\s|"
    rb"copy\s{1,9}\S{1,200}\s{0,9}(?:\([^()]{0,9999}\)\s{0,9})?from\s{1,9}stdin|drop\s{1,9}table\s|"
    rb"-- (?:mysql|postgresql|mariadb) |pragma\s+foreign_keys)"
)
_CONTROLS: Final = bytes(sorted({*range(32)} - {9, 10, 11, 12, 13, 26, 27}))


def recognised(head: bytes) -> str:
    """One of: pdf zip gzip bzip2 xz tar picture mbox mail html sql json rtf text, or a word why it is not read."""
    if not head:
        return "empty"
    for mark, kind in _FIRST:
        if head.startswith(mark):
            if kind in ("bitmap", "program"):
                if b"\x00" in head[:64]:
                    return "picture" if kind == "bitmap" else "unknown-kind"
                break
            return kind
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"AVI ", b"WAVE"):
        return "picture" if head[8:12] == b"WEBP" else "unknown-kind"
    if head[4:8] == b"ftyp":
        return "picture"
    if head[257:262] == b"ustar" or _old_tar(head):
        return "tar"
    if b"%PDF-" in head[:1024] and b"\x00" not in head[:8]:
        return "pdf"
    return _text(head)


def _text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide(head):
        plain = head.replace(b"\x00", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    else:
        plain = head.removeprefix(b"\xef\xbb\xbf")
        controls = len(plain) - len(plain.translate(None, _CONTROLS))
        if controls * 200 > len(plain):
            return "unknown-kind"
    start = plain.lstrip()
    if start[:5] == b"From " and _MAIL_FIELDS.search(start[:4096]):
        return "mbox"
    if start[:1] in (b"{", b"[") and _json(start):
        return "json"
    if _mail(start):
        return "mail"
    if start[:1] == b"<" and _HTML.search(start):
        return "html"
    if _SQL.search(start):
        return "sql"
    if len(_HTML.findall(start)) >= 5:
        return "html"
    return "text"


def _json(start: bytes) -> bool:
    following = start[1:200].lstrip()
    return not following or following[:1] in b'{["]}-0123456789tfn'


def _mail(start: bytes) -> bool:
    """Whether it begins with header fields (RFC 5322), two of them those of mail at least."""
    at = 0
    while (field := _FIELD.match(start, at)) is not None:
        at = field.end()
    return at > 0 and len(_MAIL_FIELDS.findall(start[:at])) >= 2


def _wide(head: bytes) -> bool:
    """UTF-16 without its mark: a zero in most pairs of bytes, always on one side."""
    sample = head[: 4096 & ~1]
    pairs = max(1, len(sample) // 2)
    one, other = sample[0::2].count(0), sample[1::2].count(0)
    return len(sample) >= 8 and max(one, other) > pairs * 0.4 and min(one, other) <= pairs * 0.02


def _old_tar(head: bytes) -> bool:
    """A tar header from before there was a mark: its checksum fits."""
    if len(head) < 512 or not head[0]:
        return False
    field = head[148:156].strip(b" \x00")
    if not field or not all(byte in b"01234567" for byte in field):
        return False
    return sum(head[:148]) + 8 * 32 + sum(head[156:512]) == int(field, 8)
