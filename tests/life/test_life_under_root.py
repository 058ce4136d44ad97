"""A clinic whose Python lies where only root can enter (a clone in root's home): everything works all the same.

The servers have users of their own by then. The program is hidden from them in a name space of its own: the clone's
directory is one that root alone can enter, with what was in it bound into it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from seifas.demo.schedule import patient_id
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.errors import Invalid

ROOT = Path(__file__).parents[2]
HIDDEN = """
set -eu
mkdir "$1"
mount --bind "$2" "$1"
mount -t tmpfs -o mode=0700 none "$2"
for one in "$1"/* "$1"/.[!.]*; do
    place="$2/$(basename "$one")"
    if [ -d "$one" ]; then mkdir "$place"; else : > "$place"; fi
    mount --bind "$one" "$place"
done
cd /
shift 2
exec "$@"
"""

SET = """
import os, sys
from seifas import typesetting
from seifas.web.portal import exporting
os.chdir(sys.argv[1])
os.setuid(65534)
try:
    os.listdir(".")
except PermissionError as refused:
    print(type(refused).__name__)
print(typesetting.typeset(b"hello", "{}", "not set")[:4].decode())
exporting._SHEET = b"hello"
print(exporting.pdf_of({})[:4].decode())
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root gives servers users of their own"),
    pytest.mark.skipif(
        subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
        reason="no mount name space can be made here, as in a chroot: the program lies out of reach there by itself",
    ),
]


@pytest.fixture(scope="module")
def hidden(places: Path, small_clinic: Path) -> Iterator[Stage]:
    """A clinic of 300 that is served so."""
    made = Stage(places / "under-root")
    made.copy_from(small_clinic)
    with made.log.open("ab") as log:
        made.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", HIDDEN, "sh", str(places / "bound"), str(ROOT), sys.executable, "-m",
             "seifas.cli.main", "serve", "--data", str(made.data), "--port", str(made.port)],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        made.wait_ready()
        yield made
    finally:
        made.remove()


def test_the_program_is_out_of_the_servers_reach(hidden: Stage) -> None:
    """Else this file would show nothing."""
    desk = hidden.pids()["desk"]
    assert Path(f"/proc/{desk}").stat().st_uid != 0
    inside = Path(f"/proc/{desk}/root{ROOT}")
    assert inside.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("family", ["Žukauskienė", "Иванов", "Łukaszewicz", "王麗", "Ñandú"])
def test_a_name_in_any_script_is_kept_and_found(hidden: Stage, family: str) -> None:
    program = hidden.program(50)
    made = {"resourceType": "Patient", "name": [{"family": family, "given": ["Ona"]}], "birthDate": "1980-02-03"}
    created = program.send("POST", "/fhir/Patient", made)
    assert created.status == 201
    found = program.read(f"/fhir/Patient?family={urllib.parse.quote(family)}&birthdate=1980-02-03").json
    assert [one["resource"]["id"] for one in found["entry"]] == [created.json["id"]]


def test_records_are_found_by_their_parameters(hidden: Stage) -> None:
    program = hidden.program(50)
    for kind in ("Condition", "Observation", "Encounter"):
        found = program.read(f"/fhir/{kind}?patient={patient_id(1, 7)}&_lastUpdated=gt2000-01-01")
        assert (found.status, found.json["resourceType"]) == (200, "Bundle")
    assert program.read("/fhir/metadata").json["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize(("new", "where"), [("leavemealone", "password-leaked"), ("klinika-kaunas-2017", "password")])
def test_a_guessable_passphrase_is_refused(hidden: Stage, new: str, where: str) -> None:
    proof = {"passphrase": demo_passphrase_file(hidden.data).read_text().strip()}
    with hidden.admin() as admin, pytest.raises(Invalid) as refused:
        admin.call("admin.passphrase_add", name="Rasa", new=new, proof=proof)
    assert refused.value.where == where


def test_a_document_is_set_where_the_program_was_started_out_of_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    told = subprocess.run(
        [sys.executable, "-c", SET, str(closed)], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.stdout.split() == ["PermissionError", "%PDF", "%PDF"], told.stderr


def test_every_server_is_well_afterwards(hidden: Stage) -> None:
    """The last one: nothing died on the way for a file that it could not read."""
    said = hidden.log.read_text()
    assert "PermissionError" not in said
    assert '"died"' not in said
