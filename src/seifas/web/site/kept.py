"""An answer that is made once and served often: its bytes, the same packed, and a tag that changes with them."""

from __future__ import annotations

import gzip
import hashlib
from typing import NamedTuple

_LEAST = 600  # below it packing saves no packet


class Kept(NamedTuple):
    """`packed` is empty where packing is not worth it."""

    body: bytes
    packed: bytes
    kind: bytes
    tag: bytes


def kept(body: bytes, kind: bytes, *, pack: bool = True) -> Kept:
    """The answer, packed once."""
    packed = gzip.compress(body, 9, mtime=0) if pack and len(body) >= _LEAST else b""
    # Weak, because the packed and the plain one are the same page in different bytes.
    tag = b'W/"' + hashlib.sha256(body).hexdigest()[:20].encode("ascii") + b'"'
    return Kept(body, packed if len(packed) < len(body) else b"", kind, tag)
