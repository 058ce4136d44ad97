"""The log's side of witnessing: hand a checkpoint in for cosigning, and ask how far the witness has seen the log."""

from __future__ import annotations

import base64
import hashlib
import re

from seifas.audit.checkpoint import (
    Checkpoint,
    VerifierKey,
    cosignature_times,
    parse_checkpoint,
    parse_signature,
    verify_checkpoint,
    with_signatures,
)
from seifas.audit.fetching import TIMEOUT_S, Answer, request
from seifas.audit.tiles import MAX_CHECKPOINT, TileReader
from seifas.errors import Conflict, Missing, Tampered, Unavailable


def offer_checkpoint(url: str, note: bytes, reader: TileReader, witness: VerifierKey, *, old_size: int = 0,
                     timeout_s: float = TIMEOUT_S) -> bytes:
    """Have the witness at `url` cosign `note`; returns the note with its cosignature, verified.

    `old_size` is what the witness cosigned last, as far as known: if it is not, the witness says so and is asked once
    more. `reader` makes the proof. Raises Tampered if the witness has seen a longer log or another one: somebody put
    this log back, or forked it; Conflict if somebody else keeps advancing it; Unavailable.
    """
    checkpoint = parse_checkpoint(note)
    for _ in range(2):
        if old_size > checkpoint.size:
            raise Tampered(f"the witness has seen {old_size} entries, this log has {checkpoint.size}: a rollback",
                           where="witness")
        answer = _post(url, note, old_size, reader.consistency_proof(old_size, checkpoint.size), timeout_s)
        if answer.status != 409:
            return _cosigned(note, answer, witness)
        stated = answer.body.strip()
        if not re.fullmatch(rb"0|[1-9]\d{0,18}", stated):
            raise Unavailable("the witness gave no size", where="witness")
        old_size = int(stated)
    raise Conflict("the witness moved on meanwhile", where="witness")


def last_witnessed(url: str, log: VerifierKey, witness: VerifierKey, *,
                   timeout_s: float = TIMEOUT_S) -> tuple[Checkpoint, int]:
    """The newest checkpoint that the witness cosigned, and when (seconds since 1970, its clock); both verified.

    Raises Missing if it has cosigned none, Tampered, Unavailable.
    """
    path = hashlib.sha256(log.name.encode()).hexdigest()
    answer = request("GET", f"{url.rstrip('/')}/{path}/checkpoint", limit=MAX_CHECKPOINT, timeout_s=timeout_s)
    if answer.status == 404:
        raise Missing("the witness has not witnessed this log", where="witness")
    if answer.status != 200:
        raise Unavailable(f"the witness answered {answer.status}", where="witness")
    checkpoint = verify_checkpoint(answer.body, log)
    times = cosignature_times(checkpoint, [witness])
    if witness.name not in times:
        raise Tampered("the witness's checkpoint does not bear its cosignature", where="witness")
    return checkpoint, times[witness.name]


def _post(url: str, note: bytes, old_size: int, proof: list[bytes], timeout_s: float) -> Answer:
    lines = [f"old {old_size}", *(base64.b64encode(node).decode() for node in proof)]
    body = "\n".join(lines).encode() + b"\n\n" + note
    return request("POST", f"{url.rstrip('/')}/add-checkpoint", body=body, limit=MAX_CHECKPOINT, timeout_s=timeout_s)


def _cosigned(note: bytes, answer: Answer, witness: VerifierKey) -> bytes:
    if answer.status == 422:
        raise Tampered("the witness knows another past of this log: it was forked, or its files are damaged",
                       where="witness")
    if answer.status in (400, 403, 404):
        raise Tampered(f"the witness refuses this log or its key ({answer.status})", where="witness")
    if answer.status != 200:
        raise Unavailable(f"the witness answered {answer.status}", where="witness")
    try:
        lines = answer.body.decode().splitlines()
    except UnicodeDecodeError:
        raise Unavailable("the witness did not send a cosignature", where="witness") from None
    ours = [s for s in map(parse_signature, lines) if (s.name, s.key_id) == (witness.name, witness.key_id)]
    result = with_signatures(note, ours)
    if witness.name not in cosignature_times(parse_checkpoint(result), [witness]):
        raise Tampered("the answer does not bear the witness's cosignature", where="witness")
    return result
