"""A fingerprint is for a leak search alone: no other op tells a byte of it, and no file of the vault shows one."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_origin

import msgspec
import pytest
from keeper_rig import Asked, Rig
from made_pictures import scene
from photo_rig import patient_of, sealed, take

from seifas.darkroom.imaging import fingerprint
from seifas.errors import Invalid, SeifasError
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.keeper import photo_model
from seifas.keeper.door import OPS

_PIECE = 12
"""Bytes that are looked for: by chance they stand in none of the files."""

_ROLES = ("desk", "portal", "public", "jobs", "darkroom", "admin")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


@pytest.fixture(scope="module")
def blob() -> bytes:
    return fingerprint.of(scene(640, 480, 21))


def needles(blob: bytes) -> list[bytes]:
    """Every hundredth piece of it, as it is and as others would write it."""
    pieces = [blob[at : at + _PIECE] for at in range(0, len(blob) - _PIECE, 101)]
    found = list(pieces)
    for at, piece in zip(range(0, len(blob) - _PIECE, 101), pieces, strict=True):
        found += [piece.hex().encode(), piece.hex().upper().encode(), repr(piece)[2:-1].encode()]
        start = at + -at % 3  # where base64 of the whole has a letter's border
        found.append(base64.b64encode(blob[start : start + _PIECE]))
        found.append(base64.urlsafe_b64encode(blob[start : start + _PIECE]))
    return found


def seen(where: Iterable[bytes], blob: bytes) -> int:
    wanted = needles(blob)
    return sum(one in text for text in where for one in wanted)


def files(data: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())


async def kept(asked: Asked, session: str, patient: bytes, blob: bytes) -> bytes:
    """A photo with this fingerprint."""
    begun = await asked.desk("photo.begin", session=session, patient=patient, reason="visit")
    facts = await sealed(asked, begun["grant"], b"a picture")
    done = await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], fingerprint=blob, **facts)
    return bytes(done["photo"])


def told(asked: Asked, patient: bytes, photo: bytes) -> bytes:
    vault = asked.keeper.require_unlocked().vault
    head = vault.head(patient)
    return photo_model.facts_of(vault, head, photo_model.photo_entries(vault, head, photo)[1]).fingerprint


def test_it_is_kept_with_the_photo_and_nowhere_readable(rig: Rig, blob: bytes, tmp_path: Path) -> None:
    known: dict[str, bytes] = {}

    async def keep(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        known["patient"] = await patient_of(asked, doctor)
        known["photo"] = await kept(asked, doctor, known["patient"], blob)
        assert told(asked, known["patient"], known["photo"]) == blob
        assert seen(files(rig.data), blob) == 0, "nor while it runs"

    async def look(asked: Asked) -> None:
        assert told(asked, known["patient"], known["photo"]) == blob

    rig.run(keep)
    rig.run(look)
    assert sum(map(len, files(rig.data))) > len(blob)
    assert seen(files(rig.data), blob) == 0
    for name, text in (
        ("raw", blob), ("json", base64.b64encode(blob)), ("hex", blob.hex().encode()), ("repr", repr(blob).encode()),
    ):  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"\0" * 777 + text + b"\n")
        assert seen(files(tmp_path / name), blob) >= 50, f"the searcher sees {name}"


def test_no_op_but_the_leak_searchs_tells_it(rig: Rig, blob: bytes) -> None:
    """Every op of every role, with whatever leads to a photo or its record, for three people and none."""

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        officer = await asked.person("pareigune", "officer")
        administrator = await asked.person("adminas", "administrator")
        patient = await patient_of(asked, doctor)
        photo = await kept(asked, doctor, patient, blob)
        opened = asked.keeper.require_unlocked()
        record = photo_model.record_id(opened.keyring, photo)
        answers: list[bytes] = []
        asked_of: set[str] = set()
        for name, op in sorted(OPS.table.items()):
            if name in ("admin.lock", "admin.stop") or not set(op.roles) & set(_ROLES):
                continue
            for session in (doctor, officer, administrator):
                for ident, kind in ((photo, "Media"), (record, photo_model.TYPE), (patient, "Patient")):
                    args = {
                        field.encode_name: _some(field.encode_name, field.type, session, ident, kind, patient, photo)
                        for field in msgspec.structs.fields(op.decoder.type)
                        if field.required or field.encode_name in ("reason", "type", "types", "photo", "id", "count")
                    }
                    for role in set(op.roles) & set(_ROLES):
                        answers.append(await _answer(asked, role, name, args))
                        asked_of.add(name)
                if "session" not in op.decoder.type.__struct_fields__:
                    break
        assert len(asked_of) > 150
        assert any(photo in one for one in answers), "ops that tell of photos did answer"
        assert seen(answers, blob) == 0
        assert seen([msgspec.msgpack.encode({"photo": photo, "fingerprint": blob})], blob) >= 50
        assert told(asked, patient, photo) == blob, "and it was there to be told all the while"

    rig.run(deed)


async def _answer(asked: Asked, role: str, name: str, args: dict[str, Any]) -> bytes:
    try:
        return msgspec.msgpack.encode(await asked.op(role, name, **args))
    except SeifasError as error:
        return repr((error.message, error.where)).encode()
    except Exception as error:  # whatever a defect would say to a log
        return repr(error).encode()


def _some(
    name: str, kind: Any, session: str, ident: bytes, type_name: str, patient: bytes, photo: bytes
) -> Any:  # fmt: skip
    by_name: dict[str, Any] = {
        "session": session, "patient": patient, "photo": photo, "id": ident, "type": type_name, "types": [type_name],
        "photos": [photo], "reason": "visit", "rendition": "thumb", "count": 10,
    }  # fmt: skip
    if name in by_name:
        return by_name[name]
    return {str: type_name, bytes: ident, int: 1, bool: False, dict: {}}.get(get_origin(kind) or kind, [])


def test_only_the_leaks_process_may_ask_for_fingerprints() -> None:
    assert photo_model.TYPE not in RESOURCE_TYPES
    asking = [name for name, op in OPS.table.items() if "fingerprint" in name]
    assert asking == ["leak.fingerprints"]
    assert set(OPS.table["leak.fingerprints"].roles) == {"leaks"}
    taking = [name for name, op in OPS.table.items() if "fingerprint" in op.decoder.type.__struct_fields__]
    assert taking == ["darkroom.stored"]


def test_one_that_is_too_long_is_refused_and_no_photo_is_kept(rig: Rig, blob: bytes) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        with pytest.raises(Invalid) as refused:
            await kept(asked, doctor, patient, blob + bytes(8192))
        assert refused.value.where == "fingerprint"
        assert await asked.desk("photo.list", session=doctor, patient=patient, reason="visit") == []
        photo = await kept(asked, doctor, patient, blob)
        await take(asked, doctor, patient)  # a darkroom from before there were fingerprints
        assert len(await asked.desk("photo.list", session=doctor, patient=patient, reason="visit")) == 2
        assert told(asked, patient, photo) == blob

    rig.run(deed)


def test_nothing_that_holds_it_says_it_when_printed(blob: bytes) -> None:
    from seifas.darkroom.renditions import Renditions
    from seifas.keeper.photographing import Finished

    facts = photo_model.PhotoFacts(
        id="00", media=bytes(16), key=bytes(32), epoch=1, objects={}, sha256=bytes(32), exif={}, taken_ms=0,
        received_ms=0, by=b"", source="desk", format="jpeg", fingerprint=blob,
    )  # fmt: skip
    finished = Finished(bytes(32), {}, bytes(32), "jpeg", 1, 1, fingerprint=blob)
    said = [repr(one).encode() for one in (facts, finished, Renditions({}, blob))]
    assert seen(said, blob) == 0
