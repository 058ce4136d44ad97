"""Everything that a restore checks before it writes, in the order in which it can be known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import (
    COSIGN,
    SIGN,
    Checkpoint,
    VerifierKey,
    cosignature_times,
    log_origin,
    parse_checkpoint,
    parse_verifier_key,
    verify_checkpoint,
)
from seifas.crypto import slots
from seifas.crypto.slots import PassphraseSlot
from seifas.errors import Invalid, Missing, Refused, Tampered
from seifas.keeper import backup_manifest, tombstones, unlocking
from seifas.keeper.backup_manifest import DATA, KEYS, Manifest
from seifas.keeper.keyring import Keyring
from seifas.keeper.log import META_CHECKPOINT, state_line
from seifas.keeper.model import Facts, Kind
from seifas.keeper.tombstones import Mark
from seifas.keeper.unlocking import Loaded
from seifas.keeper.ways_in import root_by_custodians
from seifas.restoring.looking import Look
from seifas.settings import Settings

_CHUNK: Final = 2000
_SHOWN: Final = 5


class KeySource(NamedTuple):
    """A copied key store: its database, generation, slots, and the manifest where it has one."""

    file: Path
    generation: int
    slots: bytes
    manifest: Manifest | None
    note: bytes


class State(NamedTuple):
    """The state of a backup, opened and proven against its signed checkpoint."""

    loaded: Loaded
    facts: Facts
    note: bytes
    checkpoint: Checkpoint
    tombstones: Mark


def whole(directory: Path, *, read_bytes: Callable[[int], None] | None = None) -> Manifest:
    """The manifest of a backup all of whose files are as written. Raises Tampered naming those that are not."""
    report = backup_manifest.check(directory, read_bytes=read_bytes)
    if report.manifest is None:
        raise Tampered(report.problems[0], where=str(directory))
    if report.problems:
        more = len(report.problems) - _SHOWN
        named = "; ".join(report.problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise Tampered(f"this backup is not as it was written: {named}", where=report.problems[0].split(":", 1)[0])
    return report.manifest


def keys_at(place: Path) -> KeySource:
    """The copied key store in a directory: a backup of one, the newest of several, or a key store whose own disk
    outlived the machine. Raises Missing, Tampered."""
    found = backup_manifest.find(place, KEYS) if not list(place.glob("keystore-*.db")) else place
    stores = sorted(found.glob("keystore-*.db"))
    if not stores or not (found / "slots.json").is_file():
        raise Missing("there is no key store in this place", where=str(place))
    manifest, note = None, b""
    if (found / backup_manifest.FILE).exists():
        whole(found)
        manifest, _, note = backup_manifest.read(found, KEYS)
    generation = int(stores[-1].stem.partition("-")[2])
    return KeySource(stores[-1], generation, (found / "slots.json").read_bytes(), manifest, note)


def fit(data: Manifest, keys: KeySource) -> None:
    """Raises Refused where the key store cannot open the data: it is another clinic's, or older."""
    if keys.manifest is not None and keys.manifest.clinic != data.clinic:
        raise Refused("the key store belongs to another clinic", where=str(keys.file.parent))
    if keys.generation < data.generation:
        raise Refused(
            f"the key store is of generation {keys.generation}; this backup opens with generation {data.generation} "
            "or a later one", where=str(keys.file.parent),
        )
    if keys.manifest is not None and keys.generation == data.generation and keys.manifest.keystore != data.keystore:
        raise Refused(
            f"this key store is of generation {keys.generation}, but not the one the backup was taken with",
            where=str(keys.file.parent),
        )


def root_of(raw: bytes, passphrase: str, secrets: Sequence[str]) -> bytes:
    """The root from copied slots. Raises Refused, Invalid."""
    if secrets:
        return root_by_custodians(raw, secrets)
    for slot in slots.decode_slots(raw):
        if isinstance(slot, PassphraseSlot):
            try:
                return slots.open_passphrase(slot, passphrase)
            except Refused:
                continue
    raise Refused("no passphrase of this key store is the one that was given")


def public_of(keyring: Keyring) -> bytes:
    """The public half of the key that signs the clinic's log, manifests and tombstone list."""
    return Ed25519PrivateKey.from_private_bytes(keyring.clinic_keys.signing).public_key().public_bytes_raw()


def signed(directory: Path, keys: KeySource, public: bytes) -> None:
    """Raises Tampered unless the clinic signed both manifests."""
    manifest, _, note = backup_manifest.read(directory, DATA)
    backup_manifest.verify_signature(manifest, note, public)
    if keys.manifest is not None:
        backup_manifest.verify_signature(keys.manifest, keys.note, public)


def state_of(look: Look, keyring: Keyring, public: bytes) -> State:
    """Opens the copied state and proves it whole. Raises Tampered."""
    loaded = unlocking.load_state(look, keyring)
    found = loaded.structs[Kind.FACTS]
    note = look.meta(META_CHECKPOINT)
    if len(found) != 1 or note is None:
        raise Tampered("the state lacks its facts or its checkpoint", where="keeper.db")
    facts: Facts = found[0]
    checkpoint = verify_checkpoint(note, VerifierKey(facts.log_origin, SIGN, public))
    if [line for line in checkpoint.extensions if line.startswith("state ")] != [state_line(look.root)]:
        raise Tampered("the state is not the one that the log was signed over", where="keeper.db")
    mark = tombstones.stated(checkpoint.extensions)
    if tombstones.list_of(loaded.structs[Kind.TOMBSTONE]).mark != mark:
        raise Tampered("the tombstones are not those that the log was signed over", where="keeper.db")
    return State(loaded, facts, note, checkpoint, mark)


def erased_since(
    path: Path | None, state: State, *, clinic: bytes, public: bytes, overridden: bool
) -> tombstones.List:
    """The list to restore by. Raises Refused without one, or for one that is older than the backup or not its own."""
    own = tombstones.list_of(state.loaded.structs[Kind.TOMBSTONE])
    if path is None:
        if overridden:
            return own
        raise Refused(
            "a restore needs the newest tombstone list, or it would bring back people who were erased: "
            "kit/tombstones.note from the custodians' kit (--tombstones FILE)", where="--tombstones",
        )
    listed = tombstones.read(tombstones.read_file(path), clinic=clinic, public=public)
    if listed.mark.length < state.tombstones.length:
        raise Refused(
            f"this tombstone list is older than the backup: it has {listed.mark.length} lines, the backup "
            f"{state.tombstones.length}", where=str(path),
        )
    if not listed.continues(state.tombstones):
        raise Refused("this tombstone list does not continue the one in the backup", where=str(path))
    return listed


def witnessed(path: Path, settings: Settings, state: State, listed: tombstones.List, public: bytes) -> int:
    """How many lines of the log the witness saw that the backup has not. Raises Refused where the list is older than
    what the witness saw, Tampered where the checkpoint is not ours or was not cosigned."""
    if not path.is_file():
        raise Missing("there is no checkpoint in this place", where=str(path))
    note = path.read_bytes()
    # Any log of this clinic: a restore begins a new one, and the witness may have seen it.
    origin, first = parse_checkpoint(note).origin, log_origin(settings.clinic_id)
    if origin != first and not origin.startswith(f"{first}/"):
        raise Tampered("this checkpoint belongs to another clinic's log", where=str(path))
    seen = verify_checkpoint(note, VerifierKey(origin, SIGN, public))
    if settings.witness_key:
        witness = parse_verifier_key(settings.witness_key, kind=COSIGN)
        if not cosignature_times(seen, [witness]):
            raise Tampered("the witness did not cosign this checkpoint", where=str(path))
    mark = tombstones.stated(seen.extensions)
    if not listed.continues(mark):
        raise Refused(
            f"the tombstone list is older than what the witness saw: {listed.mark.length} lines, {mark.length} seen",
            where="--tombstones",
        )
    return max(0, seen.size - state.checkpoint.size) if origin == state.facts.log_origin else seen.size


def patients_open(look: Look, keyring: Keyring, loaded: Loaded, gone: set[bytes]) -> int:
    """How many patients' keys are there and right, of those who were not erased. Raises Refused where some are not."""
    lacking = opened = 0
    patients = list(loaded.heads)
    for start in range(0, len(patients), _CHUNK):
        tags = {patient: keyring.tag(patient) for patient in patients[start : start + _CHUNK]}
        bundles = look.get_many(tags.values())
        for patient, tag in tags.items():
            if tag in gone:
                continue
            sealed = bundles.get(tag)
            if sealed is None:
                lacking += 1
                continue
            keyring.card_key(patient, loaded.heads[patient].check, sealed)
            opened += 1
    if lacking:
        raise Refused(
            f"{lacking} patients of this backup have no keys in this key store: it is older than the data, or they "
            "were erased since and the tombstone list is not the newest", where="--keys-from",
        )
    return opened


def custodians_present(secrets: Sequence[str], raw: bytes) -> None:
    """Raises Refused unless the custodians opened: the only ones who may do without the list."""
    if not secrets:
        raise Refused("only the custodians together may restore without the tombstone list", where="--custodians")
    try:
        root_by_custodians(raw, secrets)
    except Invalid as error:
        raise Refused(error.message, where="--custodians") from error

