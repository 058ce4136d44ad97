"""Fetches the witness's newest checkpoint for an unlock: the command line may call out, the keeper may not."""

from __future__ import annotations

from pathlib import Path

from seifas import settings as settings_module
from seifas.audit.fetching import request
from seifas.audit.tiles import MAX_CHECKPOINT
from seifas.errors import Invalid, Unavailable
from seifas.keeper.witness_place import checkpoint_url, is_http, read_file
from seifas.keeper.witness_watch import NOTHING


def newest(data: Path, file: Path | None = None) -> bytes:
    """The checkpoint, as it came: the keeper verifies it. b"" where no witness is set, NOTHING where it has none of
    this log; `file` goes before what the settings say. Raises Unavailable where the witness does not answer."""
    settings = settings_module.load(data)
    if file is not None:
        try:
            return file.read_bytes()[: MAX_CHECKPOINT + 1] or NOTHING
        except OSError as error:
            raise Invalid("the witness's checkpoint cannot be read", where=str(file)) from error
    if not settings.witness_key or not settings.witness_url:
        return b""
    if not is_http(settings.witness_url):
        note = read_file(data, settings.witness_url)
        if not note:
            raise Unavailable(f"the witness's checkpoint cannot be read; {_ELSE}", where=settings.witness_url)
        return note
    try:
        answer = request("GET", checkpoint_url(data, settings), limit=MAX_CHECKPOINT)
    except Unavailable as error:
        raise Unavailable(f"the witness does not answer; {_ELSE}", where=settings.witness_url) from error
    if answer.status == 404:
        return NOTHING
    if answer.status != 200:
        raise Unavailable(f"the witness answered {answer.status}; {_ELSE}", where=settings.witness_url)
    return answer.body


_ELSE = (
    "nobody knows whether this vault was put back to an earlier day. Bring its newest checkpoint (seifas unlock "
    "--witness FILE), or unlock with --without-witness, which is recorded and rings"
)
