"""The bundles of a case that were prepared, each with its time stamp as it stands: told from the case's entries."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, SeifasError
from seifas.incidents import bagging, timestamping
from seifas.incidents.bagging import Prepared, Stamp
from seifas.incidents.standing import Entry

KINDS: Final = ("bundle", "stamp")
"""The entries that this reads."""

STAMPED: Final = "tagmanifest-sha256.txt"
_FOLDER: Final = re.compile(r"[a-z0-9-]{1,64}")


class Ready(msgspec.Struct, frozen=True):
    """`stamp`: "" (not asked for), queued, sent, failed, refused or exercise; `token` is the authority's answer, and
    only one that holds."""

    entry: str
    prepared: Prepared
    stamp: str = ""
    token: bytes = b""


def ready(entries: Sequence[Entry], sendings: Iterable[Mapping[str, Any]], roots: bytes) -> list[Ready]:
    """Newest first. `sendings` as op case.sendings tells them; `roots`: PEM of the authority's certificates. An entry
    whose body is none of ours counts for nothing."""
    by_id = {one["sending"].hex(): one for one in sendings}
    found = []
    for one in reversed(entries):
        prepared = _prepared(one) if one.kind == "bundle" else None
        if prepared is not None:
            stamp, token = _stamped(prepared, by_id.get(_asked(entries, one), {}), roots)
            found.append(Ready(one.entry, prepared, stamp, token))
    return found


def _prepared(entry: Entry) -> Prepared | None:
    try:
        prepared = msgspec.json.decode(entry.body, type=Prepared)
        bagging.thawed(prepared)[STAMPED]
    except (msgspec.DecodeError, UnicodeDecodeError, Invalid, KeyError):
        return None
    return prepared if _FOLDER.fullmatch(prepared.folder) else None


def _asked(entries: Sequence[Entry], bundle: Entry) -> str:
    """The newest sending that asks for a stamp over this bundle, in hex."""
    for one in reversed(entries):
        if one.kind == "stamp" and one.about == bundle.entry:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                return msgspec.json.decode(one.body, type=Stamp).sending
    return ""


def _stamped(prepared: Prepared, sending: Mapping[str, Any], roots: bytes) -> tuple[str, bytes]:
    state, answer = str(sending.get("state", "")), bytes(sending.get("answer", b""))
    if state != "sent":
        return state, b""
    try:
        timestamping.stamped(answer, bagging.thawed(prepared)[STAMPED], roots)
    except SeifasError:
        return "failed", b""  # an answer that does not hold is no stamp
    return "sent", answer
