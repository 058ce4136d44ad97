"""What stays of a leak search: cases, files and results through locks, rotations and erasures."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic, matched
from photo_rig import supervised

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict
from seifas.keeper import erasing, leak_erasing, sweeping_objects


async def kept_file(clinic: LeakClinic, case: bytes, data: bytes) -> bytes:
    session = await clinic.session("vyr")
    begun = await clinic.leaks("file_begin", case=case, name="sample.csv", size=len(data), session=session)
    blob = stream.seal_object(
        begun["key"], data, purpose=Purpose.OBJECT, clinic=begun["clinic"], patient=case, record=begun["object"],
        version=1, epoch=begun["epoch"],
    )
    clinic.asked.keeper.require_unlocked().objects.put(begun["object"], [blob])
    await sweeping_objects.sweep(clinic.asked.keeper)  # what is being kept is not left over
    hashes = {"sha256": hashlib.sha256(data).digest(), "sha512": hashlib.sha512(data).digest()}
    with pytest.raises(Conflict):
        await clinic.leaks(
            "keep_file", case=case, file=begun["file"], **hashes, size=len(data) + 100_000, session=session
        )
    for _ in range(2):  # the answer may be lost
        await clinic.leaks("keep_file", case=case, file=begun["file"], **hashes, size=len(data), session=session)
    assert len(clinic.asked.keeper.leaks.files_of(case)) == 1
    return bytes(begun["file"])


async def read_file(clinic: LeakClinic, case: bytes) -> bytes:
    search = await clinic.search(case)
    (file,) = await clinic.leaks("files", search=search)
    blob = b"".join(clinic.asked.keeper.require_unlocked().objects.get(file["object"]))
    return stream.open_object(
        file["key"], blob, purpose=Purpose.OBJECT, clinic=file["clinic"], patient=case, record=file["object"],
        version=1, epoch=file["epoch"],
    )


def test_cases_files_and_results_outlive_locks_and_rotations(rig: Rig, clocks: Clocks) -> None:
    known: dict[str, Any] = {}

    async def first(asked: Asked) -> None:
        clinic = known["clinic"] = await LeakClinic(asked, clocks).open()
        case = known["case"] = await clinic.case()
        await kept_file(clinic, case, b"vardas;pavarde\n" * 10)
        await clinic.ask_and_approve(case)
        search = await clinic.search(case)
        known["result"] = await clinic.found(search, clinic.patients[0])
        planted = await asked.desk("decoy.plant", session=await clinic.session("vyr"), label="kanarėlės", count=2,
                                   kind="canary")
        known["export"] = planted["export"]
        with supervised(asked, rig.root):
            await asked.admin("rotate")
        await sweeping_objects.sweep(asked.keeper)

    async def second(asked: Asked) -> None:
        clinic = known["clinic"]
        clinic.asked = asked
        assert await read_file(clinic, known["case"]) == b"vardas;pavarde\n" * 10
        session = await clinic.session("vyr")
        told = await asked.desk("leak.status", session=session, case=known["case"])
        assert [(one["name"], one["size"]) for one in told["files"]] == [("sample.csv", 150)]
        shown = await asked.desk("leak.results", session=session, case=known["case"], result=known["result"])
        assert (shown["kind"], shown["body"]) == ("match", matched(clinic.patients[0]))
        (planted,) = await asked.desk("decoy.list", session=session)
        assert (planted["export"], planted["count"], planted["kind"]) == (known["export"], 2, "canary")
        await asked.desk("leak.forget_file", session=session, case=known["case"], file=told["files"][0]["id"])
        assert (await asked.desk("leak.status", session=session, case=known["case"]))["files"] == []
        assert len(set(asked.keeper.require_unlocked().objects.ids())) == 1

    rig.run(first)
    rig.run(second)


def test_an_erased_patient_is_in_no_result(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        gone, stays = clinic.patients[0], clinic.patients[1]
        case = await clinic.approved()
        search = await clinic.search(case)
        result = await clinic.found(search, gone, stays)
        with supervised(asked, rig.root):
            await erasing.erase(asked.keeper, gone, "request", asked_by="x", people=("a", "b"), request=None)
            await erasing.carry_out(asked.keeper)
            await asked.keeper.sweeping
        session = await clinic.session("vyr")
        body = (await asked.desk("leak.results", session=session, case=case, result=result))["body"]
        assert gone not in body
        assert stays in body
        assert b"Salnaite" not in body  # what the row quoted
        late = await clinic.found(search, gone)  # a search that had read before
        assert gone not in (await asked.desk("leak.results", session=session, case=case, result=late))["body"]
        labels = await asked.desk("leak.label", session=session, case=case, patients=[gone, stays])
        assert [one["patient"] for one in labels] == [stays]
        assert len(set(asked.keeper.require_unlocked().objects.ids())) == 2

    rig.run(deed)


_IDS = st.sampled_from([bytes([n]) * 16 for n in range(4)])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.binary(max_size=17) | _IDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=25,
)


@given(_VALUES, st.sets(_IDS))
@settings(max_examples=of_whole(200))
def test_whatever_a_result_holds_the_erased_are_out_of_it(value: Any, gone: set[bytes]) -> None:
    body = msgspec.msgpack.encode(value)
    less = leak_erasing.without(body, gone)
    assert not leak_erasing.named_in(less) & gone
    assert leak_erasing.without(less, gone) == less
    if not leak_erasing.named_in(body) & gone:
        assert less == body


def test_proofs_of_an_erased_patient_go_with_them() -> None:
    gone, photo = os.urandom(16), os.urandom(16)
    body = msgspec.msgpack.encode({"type": "attribute", "traces": [["a.jpg", photo, gone, "named", 9.0, 0]],
                                   "proofs": [b"\xff\xd8 picture"]})
    less = msgspec.msgpack.decode(leak_erasing.without(body, {gone}))
    assert less == {"type": "attribute", "traces": [["a.jpg", photo, b"", "named", 9.0, 0]], "proofs": [b""]}
