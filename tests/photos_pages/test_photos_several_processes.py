"""Several desks, portals and darkrooms: whichever answers, work goes on, and one that is killed is not missed."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import encoded, jpeg, picture
from photo_person import HERE, PART, Person

from seifas import settings as settings_module
from seifas import several
from seifas.cli.separating import how_many
from seifas.cli.serving import serve
from seifas.darkroom.client import DarkroomClient
from seifas.drill.stage import Stage
from seifas.errors import Invalid
from seifas.settings import Clinic, Processes, Settings, Shield
from seifas.web.forms import KEY_SIZE, FormGuard, shared_key

CLINIC = "00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def grown(places: Path, small_clinic: Path) -> Iterator[Stage]:
    made = Stage(places / f"several-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    told = settings_module.load(made.data)
    settings_module.write(made.data, settings_module.replaced(told, processes=Processes(3, 2, 2)))
    made.start()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def doctor(grown: Stage) -> Iterator[Person]:
    with Person(grown, "doctor1") as person:
        yield person


def test_each_is_a_process_of_its_own_with_the_right_user(grown: Stage) -> None:
    pids = grown.pids()
    assert {"desk", "desk-2", "desk-3", "portal", "portal-2", "darkroom", "darkroom-2", "intake", "intake-2"} <= {*pids}
    assert not {"desk-4", "portal-3", "darkroom-3"} & {*pids}
    owners = {Path(f"/proc/{pids[name]}").stat().st_uid for name in ("desk", "desk-2", "desk-3")}
    assert len(owners) == 1
    if os.geteuid() == 0:
        assert owners.isdisjoint({Path(f"/proc/{pids['portal-2']}").stat().st_uid, 0})


def test_a_form_that_one_desk_showed_another_takes(grown: Stage, doctor: Person) -> None:
    """Each request goes to the next desk: what one of three made, two others read."""
    token = doctor.form_token()
    answers = [
        doctor.post("/desk/language", data={"form": token, "language": "en", "back": "/desk"}, headers=HERE).status_code
        for _ in range(6)
    ]
    assert 403 not in answers
    key = grown.data / "run" / "desk" / "forms.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_uid == Path(f"/proc/{grown.pids()['desk']}").stat().st_uid


def test_uploads_in_parts_find_their_darkroom_from_every_desk(grown: Stage, doctor: Person) -> None:
    patient = doctor.warm()[0]
    taken = encoded(picture(2600, 1950, 5), "JPEG", quality=100, subsampling=0)
    assert len(taken) > 2 * PART
    handles = [doctor.begin(patient, len(taken)) for _ in range(6)]
    for at in range(0, len(taken), PART):
        for handle in handles:
            assert doctor.part(handle, at, taken[at : at + PART], len(taken)).status_code == 200
    spools = grown.data / "data" / "uploads"
    spread = [sum(path.is_file() for path in place.iterdir()) for place in (spools, spools / "2")]
    assert sum(spread) == 6, "none lies anywhere else"
    for handle in handles[:2]:
        done = doctor.script("/desk/photos/finish", handle)
        assert done.status_code == 200, done.text
        assert doctor.get(f"/desk/photo/{done.json()['photo']}/screen").status_code == 200


def await_back(grown: Stage, name: str, killed: int) -> None:
    """Until it has been started anew and listens: one is killed here, and not all one after the other."""
    place = grown.data / "run" / "desk" / f"{name.replace('desk', 'desk-http')}.sock"
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
            one.connect(str(place))
            if grown.pids().get(name, killed) != killed:
                return
        time.sleep(0.05)
    raise AssertionError(f"{name} did not come back")


def test_a_desk_is_killed_and_nobody_is_turned_away(grown: Stage, doctor: Person) -> None:
    for name in ("desk-2", "desk", "desk-3"):
        killed = grown.kill(name)
        assert {doctor.get("/desk").status_code for _ in range(8)} == {200}
        await_back(grown, name, killed)


def test_a_darkroom_is_killed_and_the_other_keeps_what_it_was_sent(grown: Stage, doctor: Person) -> None:
    patient = doctor.warm()[0]
    taken = jpeg(640, 480, seed=77)
    spool = grown.data / "data" / "uploads" / "2"
    before = {path.name for path in spool.iterdir()}
    handle = doctor.begin(patient, len(taken))
    for _ in range(40):  # until it is the second darkroom's
        doctor.part(handle, 0, taken, len(taken))
        if {path.name for path in spool.iterdir()} != before:
            break
        handle = doctor.begin(patient, len(taken))
    ended = grown.kill("darkroom")
    done = doctor.script("/desk/photos/finish", handle)
    assert done.status_code == 200, done.text
    assert doctor.upload(patient, jpeg(320, 240, seed=78))
    assert grown.pids()["darkroom"] != ended


def test_the_portals_take_turns(grown: Stage) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{grown.port}") as visitor:
        grown.kill("portal")
        assert {visitor.get("/my", follow_redirects=True).status_code for _ in range(4)} == {200}


@pytest.mark.parametrize("processes", [Processes(desks=2), Processes(portals=2)])
def test_without_the_shield_there_is_one(
    make_stage: Callable[[], Stage], processes: Processes
) -> None:
    stage = make_stage()
    told = settings_module.load(stage.data)
    settings_module.write(stage.data, settings_module.replaced(told, processes=processes, shield=Shield(on=False)))
    with pytest.raises(Invalid, match="shield"):
        serve(stage.data, None, None)


@pytest.mark.parametrize("count", ["0", "17", '"two"', "-1", "1.5"])
def test_counts_that_are_none(tmp_path: Path, count: str) -> None:
    (tmp_path / "settings.toml").write_text(f'[clinic]\nid = "{CLINIC}"\n[processes]\ndesks = {count}\n')
    with pytest.raises(Invalid, match="desks"):
        settings_module.load(tmp_path)


@given(st.sampled_from(["keeper", "desk", "darkroom", "certificates", "portal"]), st.integers(1, 16))
def test_names_differ_and_fit_the_kernel(name: str, number: int) -> None:
    shown = several.shown(several.program(name, number))
    assert len(shown.encode()) <= 15
    assert number == 1 or shown.endswith(f"-{number}")


def test_how_many() -> None:
    settings = Settings(clinic=Clinic(id=CLINIC), processes=Processes(2, 3, 4))
    counts = {name: how_many(settings.processes, name) for name in ("desk", "portal", "darkroom", "intake", "public")}
    assert counts == {"desk": 2, "portal": 3, "darkroom": 4, "intake": 4, "public": 1}


def test_a_cut_off_key_is_made_anew_and_a_link_is_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "forms.key"
    file.write_bytes(b"short")
    key = shared_key(tmp_path)
    assert (len(key), shared_key(tmp_path)) == (KEY_SIZE, key)
    assert FormGuard((), key).token("s") == FormGuard((), key).token("s") != FormGuard(()).token("s")
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        shared_key(tmp_path)


@given(st.binary(max_size=64))
def test_a_pass_always_leads_to_the_same_darkroom(pass_: bytes) -> None:
    one, other = DarkroomClient("/nowhere/pictures.sock"), DarkroomClient("/nowhere/pictures.sock")
    one._wires *= 3
    other._wires *= 3
    assert one._wires.index(one._wire(pass_)) == other._wires.index(other._wire(pass_))
