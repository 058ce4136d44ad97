"""Ways to everybody's records at once, by `$export`: alone, to another key, twice, from the disk, after it is over."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_rig import DAY, Exporting
from keeper_rig import Asked, Clocks, Rig

from seifas.crypto import dropbox, recipient
from seifas.drill.officer_hands import Officer
from seifas.drill.stage import Browser, Stage
from seifas.errors import Conflict, Invalid, Missing, Refused, SignIn, Tampered
from seifas.keeper.export_running import info_of
from seifas.settings import Decoys


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False,
               decoys=Decoys(mail_domain="pastas.example", phone_first="37060000100", phone_last="37060000199"))


def test_no_person_and_no_other_program_touches_it(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        for name in ("gydytoja", "pareigune", "adminas"):
            with pytest.raises((Refused, SignIn)):
                await asked.desk("export.ask", session=await asked.by_passkey(clinic.keys[name]), kind="system")
        job = await clinic.ask()
        await clinic.allow(job)
        await clinic.made_ready(job)
        other = await asked.admin("client_add", name="kita", per_day=10, scopes="system/*.rs")
        theirs = await clinic.program(other)
        for op, more in (("export.status", {}), ("export.file", {"number": 0}), ("export.end", {})):
            with pytest.raises(Missing):
                await asked.desk(op, session=theirs, id=job, **more)
            with pytest.raises(Missing):
                await asked.desk(op, session=await clinic.program(), id=os.urandom(16), **more)
            with pytest.raises((Refused, SignIn)):
                await asked.desk(op, session=await asked.by_passkey(clinic.keys["pareigune"]), id=job, **more)
        for number in (-1, 999, 2**31):
            with pytest.raises(Missing):
                await asked.desk("export.file", session=await clinic.program(), id=job, number=number)

    rig.run(deed)


def test_one_person_twice_is_not_two(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        job = await clinic.ask()
        await clinic.allow(job, "pareigune")
        with pytest.raises(Conflict):
            await clinic.allow(job, "pareigune")
        clocks.run(3 * DAY)
        assert (await clinic.status(job))["state"] == "asked"
        clocks.run(5 * DAY)
        assert (await clinic.status(job))["state"] == "refused", "it lapsed, and nobody makes it any more"

    rig.run(deed)


def test_a_key_put_in_later_gets_nothing_that_was_allowed_before(rig: Rig, clocks: Clocks) -> None:
    """Whoever holds the machine changes the recipient between the asking and the making."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        job = await clinic.ask()
        seed = os.urandom(32)
        await asked.admin("client_recipient", name="registras", key=base64.b64encode(dropbox.public_half(seed)))
        assert asked.alarms("export-key") >= 1
        rows = await asked.desk("approval.list", session=await asked.by_passkey(clinic.keys["pareigune"]))
        about = next(one["about"] for one in rows if one["kind"] == "export")
        assert recipient.fingerprint(recipient.public_key(clinic.public)) in about
        assert all(name not in about for name in clinic.names)
        await clinic.allow(job)
        told = await clinic.made_ready(job)
        assert await clinic.fetched(job, told)
        sealed = await asked.desk("export.file", session=await clinic.program(), id=job, number=0)
        with pytest.raises(Tampered):
            recipient.open_sealed(recipient.private_text(seed).encode(), sealed, info=told["files"][0]["info"])

    rig.run(deed)


def test_files_open_in_their_own_place_only(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        job = await clinic.ask()
        await clinic.allow(job)
        told = await clinic.made_ready(job)
        assert len(told["files"]) >= 2
        first = await asked.desk("export.file", session=await clinic.program(), id=job, number=0)
        for info in (told["files"][1]["info"], info_of(os.urandom(16), 0), b""):
            with pytest.raises(Tampered):
                recipient.open_sealed(clinic.private, first, info=info)
        for at in (0, 31, len(first) // 2, len(first) - 1):
            bad = first[:at] + bytes([first[at] ^ 1]) + first[at + 1 :]
            with pytest.raises(Tampered):
                recipient.open_sealed(clinic.private, bad, info=told["files"][0]["info"])
        with pytest.raises(Tampered):
            recipient.open_sealed(clinic.private, first[:40], info=told["files"][0]["info"])
        for wrong in (b"", b"x", b"seifas-recipient-1:!!", clinic.public):
            with pytest.raises((Invalid, Tampered)):
                recipient.open_sealed(wrong, first, info=told["files"][0]["info"])

    rig.run(deed)


def test_the_disk_holds_no_line_of_it(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=6)
        job = await clinic.ask()
        await clinic.allow(job)
        told = await clinic.made_ready(job)
        assert await clinic.fetched(job, told)
        held = b"".join(one.read_bytes() for one in rig.data.rglob("*") if one.is_file())
        assert len(held) > 100_000
        needles = [name.encode() for name in clinic.names] + [b"resourceType", b"Condition", b"165232002"]
        assert [one for one in needles if one in held] == []

    rig.run(deed)


def test_somebody_erased_is_in_no_file_that_still_goes_out(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        job = await clinic.ask()
        await clinic.allow(job)
        await clinic.made_ready(job)
        # What erasing leaves in the keeper, without its three days.
        asked.keeper.tombstones[os.urandom(16)] = next(iter(asked.keeper.tombstones.values()), None)  # type: ignore[assignment]
        with pytest.raises(Missing):
            await asked.desk("export.file", session=await clinic.program(), id=job, number=0)
        assert (await clinic.status(job))["state"] == "ended"
        assert list(asked.keeper.require_unlocked().objects.ids()) == []

    rig.run(deed)


def test_a_shut_program_and_a_stopped_export_give_nothing_more(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        job = await clinic.ask()
        await clinic.allow(job)
        await clinic.made_ready(job)
        officer = await asked.by_passkey(clinic.keys["pareigune"])
        listed = await asked.desk("export.list", session=officer)
        assert [one["id"] for one in listed] == [job]
        token = await clinic.program()
        await asked.desk("export.stop", session=officer, id=job)
        with pytest.raises(Missing):
            await asked.desk("export.file", session=token, id=job, number=0)
        await asked.admin("client_disable", name="registras")
        with pytest.raises(SignIn):
            await asked.desk("export.status", session=token, id=job)

    rig.run(deed)


def test_patients_whom_nobody_knows_and_too_many_are_not_asked_for(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        for args, error in (
            ({"kind": "patient", "patients": [os.urandom(16)]}, Missing),
            ({"kind": "patient", "patients": [bytes(16)]}, Missing),
            ({"kind": "patient", "patients": [b"x"]}, Missing),
            ({"kind": "patient", "patients": [os.urandom(16)] * 1001}, Invalid),
            ({"kind": "system", "patients": clinic.patients}, Invalid),
            ({"kind": "everything"}, Invalid),
            ({"since_ms": -1}, Invalid),
        ):
            with pytest.raises(error):
                await clinic.ask(**args)
        assert len(asked.keeper.exports.all()) == 0

    rig.run(deed)


@pytest.mark.slow
def test_over_http_from_kick_off_to_the_recipients_lines(make_stage: Callable[[], Stage], tmp_path: Path) -> None:
    stage = make_stage()
    stage.start()
    key = tmp_path / "gavejas"
    _seifas("exports", "key", str(key))
    with stage.admin() as admin:
        made = admin.call("admin.client_add", name="registras", per_day=50, scopes="system/*.rs")
        admin.call("admin.client_recipient", name="registras", key=key.with_name("gavejas.pub").read_bytes())
    program = stage.with_key(made["client_id"], made["private_jwk"])
    wanted = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
    assert program.ask("GET", "/fhir/$export").status == 400, "an export is a job"
    for query in ("_typeFilter=Patient%3Fx", "_type=Nothing", "_since=yesterday", "_outputFormat=csv", "patient=x"):
        assert program.ask("GET", f"/fhir/Patient/$export?{query}", headers=wanted).status in (400, 404), query
    assert stage.sign_in("doctor1").ask("GET", "/fhir/$export", headers=wanted).status in (401, 403)
    assert program.ask("GET", f"/fhir/Group/{os.urandom(16).hex()}/$export", headers=wanted).status == 404
    answer = program.ask("GET", "/fhir/$export?_type=Patient,Condition", headers=wanted)
    assert answer.status == 202, answer.body
    place = "/fhir" + answer.headers["content-location"].partition("/fhir")[2]
    waiting = program.read(place)
    assert (waiting.status, waiting.headers["x-progress"]) == (202, "waits for two people")
    officer, administrator = Officer(stage, "officer1"), Officer(stage, "administrator")
    for person in (officer, administrator):
        assert "SHA-256" in person.page("/desk/approvals")
        assert person.approve_all() >= 1
    manifest = _made(program, place)
    assert manifest["requiresAccessToken"] is True
    assert {one["type"] for one in manifest["output"]} == {"Patient", "Condition"}
    shown = officer.page("/desk/programs")
    assert manifest["extension"]["urn:seifas:hpke"]["recipient"][:16] in shown
    assert 'value="stop-export"' in shown
    told = 0
    for number, one in enumerate(manifest["output"]):
        path = "/fhir" + one["url"].partition("/fhir")[2]
        assert stage.browser().read(path).status == 401
        sealed = program.read(path)
        assert sealed.status == 200
        assert b"resourceType" not in sealed.body
        (tmp_path / f"{number}").write_bytes(sealed.body)
        _seifas("exports", "open", str(tmp_path / f"{number}"), "--key", str(key),
                "--info", one["extension"]["urn:seifas:hpke-info"], "--out", str(tmp_path / f"{number}.ndjson"))
        lines = (tmp_path / f"{number}.ndjson").read_text().splitlines()
        assert len(lines) == one["count"]
        assert {json.loads(line)["resourceType"] for line in lines} == {one["type"]}
        told += len(lines) if one["type"] == "Patient" else 0
    assert told >= 303, "every patient, and decoys of this export"
    assert program.ask("DELETE", place).status == 202
    assert program.read(place).status == 404
    assert program.read(path).status == 404
    assert 'value="stop-export"' not in officer.page("/desk/programs")
    officer.close()
    administrator.close()


def _made(program: Browser, place: str) -> dict[str, Any]:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        answer = program.read(place)
        if answer.status == 200:
            return dict(answer.json)
        assert answer.status == 202, answer.body
        time.sleep(0.2)
    raise AssertionError("the export was never made")


def _seifas(*args: str) -> None:
    subprocess.run([sys.executable, "-m", "seifas.cli.main", *args], check=True, capture_output=True, timeout=250)
