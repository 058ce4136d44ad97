"""The memory elsewhere that shows when a whole machine was put back."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from seifas.audit.checkpoint import COSIGN, cosignature_times, parse_checkpoint, parse_verifier_key
from seifas.checking.model import ACCESS, MEDIUM, SAMPLE, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.errors import SeifasError
from seifas.keeper import witness_place

MISSING: Final = Kind(
    "witness-missing", MEDIUM, "Nobody elsewhere remembers the log", SAMPLE,
    "Whoever puts the whole machine back to last week takes the lines that name them out of the log, and nobody can "
    "show that they were ever there.",
    "Let another machine be the witness (docs/running/witness.md), and set witness_key and witness_url.",
)
BESIDE: Final = Kind(
    "witness-beside-log", MEDIUM, "The witness is on the machine that it watches", SAMPLE,
    "Its memory is put back together with what it should have remembered.",
    "Run `seifas audit witness` on a machine that the thief of this one does not have.",
)
SILENT: Final = Kind(
    "witness-silent", MEDIUM, "The witness has not answered for a day", SAMPLE,
    "What was logged since is remembered here only; and the next unlock will wait for a witness that is not there.",
    "Look at the witness's machine; `seifas audit witness` there says what it thinks.",
)
PLAIN: Final = Kind(
    "witness-plain", MEDIUM, "The witness is asked in the clear", ACCESS,
    "Who stands on the way can play back an older word of it, so that a machine that was put back looks right.",
    "Put TLS before the witness, and write https:// in witness_url; or let it write to a mount of its own machine.",
)
KINDS: Final = (MISSING, BESIDE, SILENT, PLAIN)
_SILENT_S: Final = 86_400
_STARTED_MS: Final = 3_600_000


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    settings = sight.settings
    if not settings.witness_key or not settings.witness_url:
        yield MISSING.seen("witness_key and witness_url are not both set")
        return
    address = urlsplit(settings.witness_url)
    if address.scheme in ("http", "https"):
        if _own(address.hostname or ""):
            yield BESIDE.seen(f"witness_url leads to {address.hostname}, which is this machine")
        elif address.scheme == "http":
            yield PLAIN.seen("witness_url begins with http://")
    else:
        if sight.same_disk(sight.data / settings.witness_url, sight.data):
            yield BESIDE.seen("the file of witness_url is on the vault's own disk")
        yield from _written(sight)
        return
    told = sight.keeper
    if told is None or told.inside is None:
        yield unseen((SILENT,), sight.closed)
    elif not sight.served:
        yield unseen((SILENT,), "the vault is not being served, so the witness is not asked: start it")
    elif told.inside.witness_heard_s > _SILENT_S:
        yield SILENT.seen(f"heard last {told.inside.witness_heard_s // 3600} hours ago")
    elif told.inside.witness_heard_s < 0 and sight.now_ms - told.started_ms > _STARTED_MS:
        yield SILENT.seen("not asked once since the keeper was started, more than an hour ago")


def _written(sight: Sight) -> Iterator[Finding | Unseen]:
    """Of a witness that writes a file: when it cosigned last, by its own clock."""
    note = witness_place.read_file(sight.data, sight.settings.witness_url)
    if not note:
        yield unseen((SILENT,), "the witness's file cannot be read: run it as root")
        return
    try:
        key = parse_verifier_key(sight.settings.witness_key, kind=COSIGN)
        cosigned = cosignature_times(parse_checkpoint(note), [key])[key.name]
    except (SeifasError, KeyError):
        yield SILENT.seen("its file holds no checkpoint that it cosigned")
        return
    if sight.now_ms // 1000 - cosigned > _SILENT_S:
        yield SILENT.seen(f"it cosigned last {sight.days(cosigned * 1000)} days ago")


def _own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
