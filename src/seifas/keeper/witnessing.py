"""Holds the log against the witness's memory: at unlock before anything is served, and every ten seconds after.

Whoever puts a whole machine back to last week puts back keys, state and log together, and they agree. Only a memory
elsewhere shows it. So while `witness_key` is set, an unlock by a person needs the witness's newest cosigned
checkpoint: the log must hold at least as many lines, and those lines must be the same ones; otherwise the vault stays
locked and says why. That there is a witness is written into the sealed state, so that taking it out of the settings
does not help either.

The keeper calls nobody. The checkpoint comes from the command line that unlocks, from a file (a `witness_url` that is
no http address: the other machine writes it, or a share of it), or from the jobs process, which fetches what an unlock
page is waiting for. It need not be trusted: both signatures are verified here, and it must be of this log. An *older*
cosigned checkpoint cannot be told from the newest, so the way to the witness must be one that a thief cannot stand in:
https, or a mount of the other machine's. A keeper that is restarted by its supervisor has lost no memory of what was
unlocked (the root is still held), so it does not wait for a witness that is silent; it compares when it can.

Without the witness's word a person may unlock all the same (`--without-witness`): it is a line of the log, and rings.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.audit.checkpoint import (
    COSIGN,
    VerifierKey,
    cosignature_times,
    parse_checkpoint,
    parse_signature,
    parse_verifier_key,
    verify_checkpoint,
    with_signatures,
)
from seifas.audit.tiles import CHECKPOINT, TileReader
from seifas.audit.tree import verify_consistency
from seifas.errors import Invalid, Refused, Tampered, Unavailable
from seifas.keeper import alarming
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.founding import facts_row
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Facts
from seifas.keeper.witness_place import checkpoint_url, is_http, read_file
from seifas.keeper.witness_watch import NOTHING
from seifas.settings import Settings

RESTARTS: Final = frozenset({"restart", "reopened"})
"""Ways to unlock by which nobody can be asked: the supervisor still holds the root."""

_TEXTS: Final = {
    "witness-ahead": "The witness has seen more audit lines than this vault has: it was put back to an earlier day.",
    "witness-fork": "The witness has seen another past of this log: it was forked, or its files are damaged.",
    "witness-silent": "The witness has not answered for a day: if this machine is put back, nobody notices.",
}

_PATIENCE_S: Final = 15.0
_SILENT_S: Final = 24 * 3600.0


class Word(msgspec.Struct, frozen=True):
    """What an unlock knows of the witness: its newest cosigned checkpoint (b"" if it was not heard, NOTHING if it has
    none), or that a person chose to do without."""

    note: bytes = b""
    without: bool = False


NO_WORD: Final = Word()


def checking(keeper: Keeper, way: str, word: Word) -> Callable[[AuditLog, Facts], None] | None:
    """What unlocking.unlock is to check; None where a person does without, or nobody was asked (RESTARTS)."""
    if word.without or (way in RESTARTS and not word.note):
        return None

    def against_the_witness(audit: AuditLog, facts: Facts) -> None:
        keeper.witness.size = check(audit, keeper.settings, facts, word)

    return against_the_witness


async def unlocked(keeper: Keeper, way: str, word: Word) -> None:
    """The line of an unlock, with the witness remembered. To have done without one rings."""
    moment = keeper.now()
    opened = keeper.require_unlocked()
    facts = pinned(keeper.facts, keeper.settings, opened.audit.origin, word)
    puts = []
    if facts != keeper.facts:
        puts.append(facts_row(opened.keyring, facts))
    # Where there never was a witness, there is none to do without.
    skipped = word.without and bool(keeper.facts.witness or keeper.settings.witness_key)
    if skipped:
        text = "The vault was unlocked without the witness's word."
        puts += alarming.ring(keeper, moment, "without-witness", 2, text)
    note = f"{way}-without-witness" if skipped else way
    await keeper.commit([keeper.leaf(moment, Action.UNLOCK, note=note)], puts)
    keeper.facts = facts


# -- comparing


def check(audit: AuditLog, settings: Settings, facts: Facts, word: Word) -> int:
    """How many lines of this log the witness has seen. The log is published to its end.

    Raises Tampered (rolled back, forked, a false checkpoint), Refused (the witness was taken out of the settings or has
    lost its memory), Unavailable (it was not heard), Invalid (the settings contradict themselves).
    """
    watched = facts.witness.partition(" ")[0] == audit.origin
    if not settings.witness_key:
        if settings.witness_url:
            raise Invalid("witness_url without witness_key: nobody could tell whose word it is", where="witness_key")
        if watched:
            raise Refused(
                "a witness watches this log, and the settings no longer name it. Put witness_key back; to go on "
                "without a witness, unlock with --without-witness", where="witness_key",
            )
        return 0
    if watched and facts.witness != pin(settings, audit.origin):
        raise Refused(
            "another witness watches this log than the one in the settings. Put its key back; to change to the new "
            "one, unlock with --without-witness", where="witness_key",
        )
    if not word.note:
        raise Unavailable(
            "the witness was not heard, so nobody knows whether this vault was put back to an earlier day. Bring its "
            "newest checkpoint (--witness FILE), or unlock with --without-witness, which is recorded", where="witness",
        )
    if word.note == NOTHING:
        if watched:
            raise Refused(
                "the witness has no memory of this log, which it watched. Find out who removed it; then unlock with "
                "--without-witness", where="witness",
            )
        return 0
    return compare(audit, word.note, parse_verifier_key(settings.witness_key, kind=COSIGN))


def compare(audit: AuditLog, note: bytes, witness: VerifierKey) -> int:
    """How many lines a cosigned checkpoint of this log states, when they are the log's own. Raises Tampered."""
    seen = verify_checkpoint(note, audit.key)
    if witness.name not in cosignature_times(seen, [witness]):
        raise Tampered("the checkpoint does not bear the witness's cosignature", where="witness")
    if seen.size > audit.size:
        raise Tampered(
            f"the witness has seen {seen.size} audit lines, this vault has {audit.size}: it was put back to an earlier "
            "day", where="witness",
        )
    reader = TileReader(audit.directory, audit.size)
    try:
        root = audit.frontier.root()
        verify_consistency(seen.size, audit.size, seen.root, root, reader.consistency_proof(seen.size))
    except Tampered as error:
        raise Tampered(
            f"the first {seen.size} audit lines are not those that the witness has seen: the log was forked",
            where="witness",
        ) from error
    return seen.size


def pin(settings: Settings, origin: str) -> str:
    """What the sealed state remembers of the witness: which log it watches, and its key. Empty where there is none."""
    return f"{origin} {settings.witness_key}" if settings.witness_key else ""


def pinned(facts: Facts, settings: Settings, origin: str, word: Word) -> Facts:
    """The facts after an unlock. A witness is remembered once it has cosigned this log; one that the settings no longer
    name is forgotten only when a person did without."""
    now = pin(settings, origin)
    if word.without and facts.witness != now:
        return msgspec.structs.replace(facts, witness="")
    if now and word.note and word.note != NOTHING:
        return msgspec.structs.replace(facts, witness=now)
    return facts


# -- hearing


async def word_for(keeper: Keeper, way: str, word: Word) -> Word:
    """The word that this unlock goes by: what was handed in, else what the witness's file or the jobs process has."""
    settings = keeper.settings
    if word.note or word.without or not settings.witness_key or not settings.witness_url:
        return word
    if not is_http(settings.witness_url):
        return Word(await asyncio.to_thread(read_file, keeper.data, settings.witness_url))
    if way in RESTARTS:
        return word
    watch = keeper.witness
    watch.wanted, watch.note = True, b""
    try:
        give_up = time.monotonic() + _PATIENCE_S
        while not watch.note and time.monotonic() < give_up:
            await asyncio.sleep(0.05)
        return Word(watch.note)
    finally:
        watch.wanted, watch.note = False, b""


# -- with the jobs process: it carries, and decides nothing


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the witness answered: status 0 if it did not. `asked`: "get" or "post", as it was told."""

    asked: str
    status: int
    body: bytes


@OPS.op("witness.due", NoArgs, "jobs", while_locked=True)
async def due(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{} or what to ask the witness: {"asked": "get", "url"} or {"asked": "post", "url", "body"}."""
    settings, watch = keeper.settings, keeper.witness
    if not settings.witness_key or not is_http(settings.witness_url):
        return {}
    if watch.wanted:
        return {"asked": "get", "url": checkpoint_url(keeper.data, settings)}
    opened, now = keeper.open, time.monotonic()
    if opened is None or not watch.due(opened.audit.published, now):
        return {}
    watch.tried, watch.heard = now, watch.heard or now
    watch.offered = (opened.audit.directory / CHECKPOINT).read_bytes()
    body = await asyncio.to_thread(_offer, opened.audit.directory, watch.offered, watch.size)
    return {"asked": "post", "url": f"{settings.witness_url.rstrip('/')}/add-checkpoint", "body": body}


def _offer(log: Path, note: bytes, old: int) -> bytes:
    """The body of add-checkpoint (C2SP tlog-witness)."""
    size = parse_checkpoint(note).size
    proof = TileReader(log, size).consistency_proof(min(old, size))
    lines = [f"old {min(old, size)}", *(base64.b64encode(node).decode() for node in proof)]
    return "\n".join(lines).encode() + b"\n\n" + note


@OPS.op("witness.told", Answer, "jobs", while_locked=True)
async def told(keeper: Keeper, caller: Caller, args: Answer) -> dict[str, Any]:
    """The witness's answer. What it says against this log rings; what it cosigns is remembered."""
    watch = keeper.witness
    if args.asked == "get":
        if args.status in (200, 404) and watch.wanted:
            watch.note = NOTHING if args.status == 404 else args.body
        return {}
    opened = keeper.open
    if opened is None:
        return {}
    now = time.monotonic()
    if args.status == 200 and watch.offered and _cosigned(watch.offered, keeper.settings, args.body):
        watch.size, watch.heard = parse_checkpoint(watch.offered).size, now
        await _remember(keeper)
    elif args.status == 409 and args.body.strip().isdigit() and len(args.body) < 20:
        watch.heard = now
        if int(args.body) > opened.audit.size:
            await _rings(keeper, "witness-ahead", 3)
        else:
            watch.behind(int(args.body))
    elif args.status == 422:
        watch.heard = now
        await _rings(keeper, "witness-fork", 3)
    elif now - watch.heard > _SILENT_S:
        await _rings(keeper, "witness-silent", 2)
    return {"size": watch.size}


def _cosigned(note: bytes, settings: Settings, line: bytes) -> bool:
    witness = parse_verifier_key(settings.witness_key, kind=COSIGN)
    try:
        lines = [parse_signature(text) for text in line.decode().splitlines()]
        ours = [one for one in lines if (one.name, one.key_id) == (witness.name, witness.key_id)]
        return witness.name in cosignature_times(parse_checkpoint(with_signatures(note, ours)), [witness])
    except (Tampered, UnicodeDecodeError):
        return False


async def _remember(keeper: Keeper) -> None:
    """From its first cosignature on this log has a witness, whatever the settings say later."""
    opened = keeper.require_unlocked()
    now = pin(keeper.settings, opened.audit.origin)
    if keeper.facts.witness == now:
        return
    async with keeper.upkeep:
        facts = msgspec.structs.replace(keeper.facts, witness=now)
        leaf = keeper.leaf(keeper.now(), Action.SETTINGS, note="witness")
        await keeper.commit([leaf], [facts_row(opened.keyring, facts)])
        keeper.facts = facts


async def _rings(keeper: Keeper, kind: str, severity: int) -> None:
    moment = keeper.now()
    puts = alarming.ring(keeper, moment, kind, severity, _TEXTS[kind])
    if puts:
        await keeper.commit([keeper.leaf(moment, Action.ALARM, outcome=Outcome.REFUSED, note=kind)], puts)
