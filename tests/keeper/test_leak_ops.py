"""What a leak search is told, whole and in pages: people, care, views, lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic, Run, matched, running
from photo_rig import consent_to, keep, lines, publish, sealed, take

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Invalid, Missing
from seifas.keeper import leak_terms
from seifas.keeper.lines import Action
from seifas.keeper.photo_showing import seed


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks, 5)


async def everybody(clinic: LeakClinic, search: bytes, count: int = 2) -> list[Any]:
    found, after = [], b""
    while True:
        page = await clinic.leaks("people", search=search, after=after, count=count)
        found += page["people"]
        after = page["next"]
        if not after:
            return found


def test_a_case_from_its_ground_to_its_end(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        desk, session = clinic.asked.desk, await clinic.session("vyr")
        for title, ground in (("", "ground"), ("case", ""), ("x" * 121, "ground"), ("case", "x" * 301),
                              ("a\0b", "abc")):
            with pytest.raises(Invalid):
                await desk("leak.begin", session=session, title=title, ground=ground)
        case = await clinic.case()
        states = [(await desk("leak.status", session=session, case=case))["state"]]
        request = (await desk("leak.ask", session=session, case=case))["approval"]
        with pytest.raises(Conflict):
            await desk("leak.ask", session=session, case=case)
        states.append((await desk("leak.status", session=session, case=case))["state"])
        (row,) = await desk("approval.list", session=session)
        assert row["kind"] == "leak-search"
        assert row["about"].startswith("35 eilutės forume: GDPR")
        await clinic.asked.approve(await clinic.session("pav"), clinic.keys["pav"], request)
        told = await desk("leak.status", session=session, case=case)
        states.append(told["state"])
        assert told["mentions_left"] == 5_000
        started = await clinic.leaks("start", case=case, session=session)
        assert started["mentions_left"] == 5_000
        assert started["lives_ms"] == 30 * 60_000
        told = await desk("leak.status", session=session, case=case)
        assert (told["searches"], told["approved_until_ms"] > 0) == (1, True)
        await clinic.leaks("end", search=started["search"])
        with pytest.raises(Missing):
            await clinic.leaks("end", search=started["search"])
        await desk("leak.close", session=session, case=case)
        (told,) = await desk("leak.list", session=session)
        states.append(told["state"])
        assert states == ["new", "asked", "approved", "closed"]
        assert told["searches"] == 0
        notes = [line.note for line in await lines(clinic.asked, Action.LEAK_CASE)]
        assert notes == ["begun", "asked", "search", "search-ended", "closed"]

    run(deed)


def test_closing_takes_an_unused_yes_back(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        case = await clinic.approved()
        await clinic.asked.desk("leak.close", session=await clinic.session("pav"), case=case)
        assert [one.state for one in clinic.asked.keeper.approvals] == ["expired"]

    run(deed)


def test_people_come_once_in_pages_of_any_size(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        search = await clinic.search(await clinic.approved())
        planted = await clinic.asked.desk(
            "decoy.plant", session=await clinic.session("vyr"), label="draudikas 2026", count=7
        )
        for count in (1, 2, 3, 5, 12, 13, 2_000):
            found = await everybody(clinic, search, count)
            ids = [one.patient for one in found]
            assert ids == sorted(set(ids))
            assert set(ids) == {*clinic.patients, *(one["patient"] for one in planted["people"])}
        decoys = [one for one in found if one.decoy]
        assert {one.decoy for one in decoys} == {planted["export"]}
        first = next(one for one in found if one.patient == clinic.patients[0])
        assert (first.families, first.givens, first.birth, first.sex, first.phones, first.city) == (
            ("Šalnaitė0",), ("Rūta",), "1980-03-01", "female", ("37061234567",), "",
        )  # fmt: skip
        for count, after in ((0, b""), (2_001, b""), (1, b"x")):
            with pytest.raises(Invalid):
                await clinic.leaks("people", search=search, count=count, after=after)

    run(deed)


def test_care_says_what_the_chart_says(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        doctor, patient = await clinic.session("gydytoja"), clinic.patients[0]
        me = {"reference": "Practitioner/" + "ab" * 16, "display": "Dr. Lina Vaitkutė"}
        await clinic.asked.create(
            doctor, "Procedure", patient, status="completed", performer=[{"actor": me}],
            code={"text": "Akių vokų plastika", "coding": [{"display": "Blepharoplasty"}]},
            performedPeriod={"start": "2026-05-04T10:00:00Z"},
        )
        await clinic.asked.create(
            doctor, "Condition", patient, code={"text": "Nukarę vokai"}, recordedDate="2026-04-20"
        )
        search = await clinic.search(await clinic.approved())
        (care,) = await clinic.leaks("care", search=search, patients=[patient, patient, os.urandom(16)])
        assert set(care.terms) == {"Akių vokų plastika", "Blepharoplasty", "Nukarę vokai"}
        assert care.doctors == ("Dr. Lina Vaitkutė",)
        assert set(care.dates) == {"2026-05-04", "2026-04-20"}
        assert care.city == "Kaunas"
        for patients in ([], [os.urandom(16)] * 501):
            with pytest.raises(Invalid):
                await clinic.leaks("care", search=search, patients=patients)

    run(deed)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["code", "text", "coding", "display", "performer", "actor", "reference", "period", "start",
                         "address", "city", "name", "given", "family", "deviceName", "resourceType", "recordedDate"]),
        inner, max_size=4,
    ),
    max_leaves=20,
))  # fmt: skip
@settings(max_examples=of_whole(150))
def test_no_shape_of_a_resource_stops_the_reading_of_care(resource: Any) -> None:
    body = resource if isinstance(resource, dict) else {"code": resource, "address": resource, "performer": resource}
    said = [*leak_terms.terms_in(body), *leak_terms.doctors_in(body, {}), *leak_terms.dates_in(body),
            leak_terms.city_in(body), leak_terms.name_in(body)]
    assert all(isinstance(one, str) for one in said)


def test_every_view_that_left_is_found_with_its_line(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, patient = clinic.asked, clinic.patients[0]
        doctor = await clinic.session("gydytoja")
        photo, other = await take(asked, doctor, patient), await take(asked, doctor, patient)
        views = []
        for rendition in ("thumb", "screen", "full"):
            shown = await asked.desk("photo.open", session=doctor, photo=photo, rendition=rendition, reason="vizitas")
            views.append(shown["view"])
        await asked.desk("photo.open", session=doctor, photo=other, rendition="screen", reason="vizitas")
        await asked.desk("photo.open_many", session=doctor, patient=patient, photos=[other, photo], reason="vizitas")
        views.append((await lines(asked, Action.PHOTO_SHOWN))[-1].objects[-1])
        consent = await consent_to(asked, doctor, patient, photo)
        publication = await publish(asked, doctor, clinic.keys["gydytoja"], photo, consent)
        await asked.op("public", "gallery.ticket", id=publication)
        views.append(publication)
        case = await clinic.approved()
        search = await clinic.search(case)
        found = await clinic.leaks("views", search=search, photo=photo)
        assert [one["view"] for one in found] == views
        keyring = asked.keeper.require_unlocked().keyring
        assert [one["seed"] for one in found] == [seed(keyring, photo, view) for view in views]
        assert [one["n"] for one in found] == sorted({one["n"] for one in found})
        assert len(await clinic.leaks("views", search=search, photo=other)) == 2
        told = await clinic.leaks("seen", search=search, photo=photo, view=views[1])
        assert (told["account"], told["hat"], told["rendition"], told["how"], told["line"], told["times"]) == (
            "gydytoja", "doctor", "screen", "desk", found[1]["n"], 1,
        )  # fmt: skip
        officer = await clinic.session("vyr")
        told = await asked.desk("leak.view", session=officer, case=case, photo=photo, view=publication)
        assert (told["how"], told["account"], told["times"] >= 2) == ("publication", "gydytoja", True)
        with pytest.raises(Missing):
            await asked.desk("leak.view", session=officer, case=case, photo=photo, view=os.urandom(16))
        with pytest.raises(Missing):
            await clinic.leaks("views", search=search, photo=os.urandom(16))
        place = await clinic.leaks("original", search=search, photo=photo)
        blob = b"".join(asked.keeper.require_unlocked().objects.get(place["object"]))
        assert stream.open_object(
            place["key"], blob, purpose=Purpose.PHOTO, clinic=place["clinic"], patient=place["patient"],
            record=place["object"], version=1, epoch=place["epoch"],
        ).endswith(b"screen")

    run(deed)


def test_fingerprints_come_of_all_photos_that_have_one(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, doctor = clinic.asked, await clinic.session("gydytoja")
        wanted = {}
        for number, patient in enumerate(clinic.patients):
            for copy in range(number % 3):
                begun = await asked.desk("photo.begin", session=doctor, patient=patient, reason="vizitas")
                facts = await sealed(asked, begun["grant"], os.urandom(40))
                print_ = bytes([number, copy]) * 20
                await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], fingerprint=print_, **facts)
                wanted[begun["photo"]] = (print_, patient)
        begun = await asked.desk("photo.begin", session=doctor, patient=clinic.patients[0], reason="vizitas")
        await keep(asked, begun["grant"], b"none")
        wanted[begun["photo"]] = (b"", clinic.patients[0])  # from before there were fingerprints
        search = await clinic.search(await clinic.approved())
        for count in (1, 2_000):
            found, after = {}, b""
            while True:
                page = await clinic.leaks("fingerprints", search=search, after=after, count=count)
                for one in page["photos"]:
                    found[one["photo"]] = (one["fingerprint"], one["patient"])
                after = page["next"]
                if not after:
                    break
            assert found == wanted

    run(deed)


def test_lines_say_who_opened_whom(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, doctor = clinic.asked, await clinic.session("gydytoja")
        for patient in clinic.patients[:3]:
            await asked.desk("record.read", session=doctor, type="Patient", id=patient, reason="vizitas")
        hits = await asked.desk("patient.search", session=doctor, family="Šalnaitė3")
        search = await clinic.search(await clinic.approved())
        found, after, accounts = [], -1, {}
        while True:
            page = await clinic.leaks("lines", search=search, after=after, count=2)
            found += page["lines"]
            accounts |= page["accounts"]
            after = page["next"]
            if after < 0:
                break
        cards = [one for one in found if one.deed == "card"]
        assert [one.patient for one in cards] == clinic.patients[:3]
        assert {accounts[one.account] for one in cards} == {"gydytoja"}
        (sought,) = [one for one in found if one.deed == "search"]
        # Those whom this account has open already cost nothing more and stand in lines of their own.
        assert set(sought.patients) == {hit.patient for hit in hits} - set(clinic.patients[:3])
        assert [one.n for one in found] == sorted(one.n for one in found)
        later = await clinic.leaks("lines", search=search, since_ms=cards[-1].wall_ms + 10**9)
        assert later["lines"] == []

    run(deed)


def test_a_demo_approves_by_itself_loudly(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        made = await asked.op("admin", "leak.admin_begin", title="bandymas", ground="a demo has no real patients")
        case = made["case"]
        token = (await asked.op("admin", "leak.admin_pass", case=case))["pass"]
        assert await asked.op("leaks", "leak.check", case=case, admin_pass=token) == {}
        search = (await asked.op("leaks", "leak.start", case=case, admin_pass=token))["search"]
        assert (await asked.op("leaks", "leak.people", search=search))["next"] == b""
        found = await asked.op("leaks", "leak.found", search=search, kind="match", body=matched())
        shown = await asked.op("admin", "leak.admin_results", case=case, result=found["result"])
        assert shown["body"] == matched()
        assert asked.alarms("leak-demo") == 1
        (told,) = await asked.op("admin", "leak.admin_cases")
        assert (told["state"], told["by"]) == ("approved", "")
        await asked.op("admin", "leak.admin_close", case=case)
        assert (await asked.op("admin", "leak.admin_status", case=case))["state"] == "closed"

    Rig(tmp_path / "vault").run(deed)


def test_merged_records_are_one_person(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        doctor = await clinic.session("gydytoja")
        other, survivor = clinic.patients[0], clinic.patients[1]
        await clinic.asked.desk("patient.merge", session=doctor, survivor=survivor, other=other, reason="tas pats")
        search = await clinic.search(await clinic.approved())
        found = {one.patient: one for one in await everybody(clinic, search)}
        assert other not in found
        assert "Šalnaitė0" in found[survivor].families

    run(deed)
