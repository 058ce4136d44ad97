"""The plain record system beside the drill: it works as one, and nothing of it is left out to make it look worse."""

import contextlib
import http.client
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from seifas.demo.population import population
from seifas.drill.plain_system import keeping, spoilt, stolen
from seifas.drill.plain_system.running import PlainSystem
from seifas.drill.ransom import encrypt
from seifas.drill.thieves_haul import Haul

TODAY = date(2026, 11, 20)
PATIENTS = 120


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("plain") / "filled"
    keeping.fill(place, patients=PATIENTS, seed=1, today=TODAY)
    return place


@pytest.fixture(scope="module")
def system(filled: Path) -> Iterator[PlainSystem]:
    served = PlainSystem(filled)
    served.start()
    yield served
    served.stop()


def test_it_holds_the_clinics_patients_word_for_word(filled: Path) -> None:
    made = {each.id: each.body.decode() for one in population(1, PATIENTS, TODAY) for each in one.resources}
    with contextlib.closing(sqlite3.connect(filled / keeping.DATABASE)) as database:
        assert dict(database.execute("SELECT id, body FROM resources").fetchall()) == made
    read = stolen.open_files(filled)
    assert read.patients == PATIENTS
    assert read.resources == len(made)
    assert read.pictures > 0


def test_whoever_has_no_session_gets_nothing(system: PlainSystem, filled: Path) -> None:
    browser = system.sign_in("doctor1")
    patient = browser.read("/fhir/Patient?_count=1").json["entry"][0]["resource"]["id"]
    kept, browser.cookie = browser.cookie, ""
    one = f"/fhir/Patient/{patient}"
    for path in ("/day", "/fhir/Patient", one, f"{one}/$everything", "/photo/0"):
        assert browser.read(path).status == 401, path
    browser.cookie = "session=" + "A" * 43
    assert browser.read(f"/fhir/Patient/{patient}").status == 401
    browser.cookie = kept
    assert browser.read(f"/fhir/Patient/{patient}").status == 200


@pytest.mark.parametrize("fields", [{"name": "doctor1", "password": "wrong"}, {"name": "nobody", "password": "x"}, {}])
def test_a_wrong_password_does_not_sign_in(system: PlainSystem, fields: dict[str, str]) -> None:
    answer = system.sign_in("nurse1").form("/login", fields)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


def test_what_is_sent_wrongly_changes_nothing(system: PlainSystem, filled: Path) -> None:
    browser = system.sign_in("doctor1")
    entry = browser.read("/fhir/Patient?_count=1").json["entry"][0]["resource"]
    where = f"/fhir/Patient/{entry['id']}"
    assert browser.ask("PUT", where, b"{not json").status == 400
    assert browser.ask("PUT", where, b"\xff\xfe").status == 400
    assert browser.read("/fhir/Patient/' OR 1=1 --".replace(" ", "%20")).status == 404
    assert browser.read(where).json == entry
    assert browser.read("/nowhere").status == 404


def test_a_change_is_logged_and_a_read_is_not(system: PlainSystem) -> None:
    browser = system.sign_in("doctor1")
    entry = browser.read("/fhir/Patient?_count=2").json["entry"][1]["resource"]
    assert browser.send("PUT", f"/fhir/Patient/{entry['id']}", entry).status == 200
    with contextlib.closing(sqlite3.connect(system.data / keeping.DATABASE)) as database:
        assert database.execute("SELECT account, deed FROM log").fetchall() == [("doctor1", "PUT")]
    assert stolen.reads_logged(system) == 0


def test_a_session_reads_all_there_are_and_not_one_more(system: PlainSystem) -> None:
    haul = Haul()
    assert not stolen.ride(system.sign_in("doctor1"), haul)
    assert len(haul.cards) == PATIENTS
    assert haul.charts <= haul.cards


def test_its_front_page_is_there_for_everybody(system: PlainSystem) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=10)
    connection.request("GET", "/")
    page = connection.getresponse().read()
    connection.close()
    assert b"Free times" in page


# -- the ransom


def test_nothing_of_what_was_encrypted_can_be_read(tmp_path: Path) -> None:
    place = tmp_path / "data"
    keeping.fill(place, patients=60, seed=2, today=TODAY)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    (place / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").write_bytes(b"not his")
    locked = encrypt((place,))
    assert locked.files == len(before)
    assert locked.bytes == sum(map(len, before.values()))
    for path, plain in before.items():
        taken = path.with_name(path.name + ".locked").read_bytes()
        assert not path.exists()
        assert not plain[:64] or plain[:64] not in taken
    assert (tmp_path / "outside").read_bytes() == b"not his"
    assert spoilt._patients(place) == 0
