"""A whole machine put back to an earlier day agrees with itself; only the witness's memory shows it."""

import asyncio
import http.client
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tampered import found, judge, opened, safe, write

from seifas import settings as settings_module
from seifas.audit.checkpoint import LogSigner, WitnessSigner, parse_checkpoint, parse_verifier_key, with_signatures
from seifas.audit.tiles import CHECKPOINT
from seifas.audit.witness import begin_state, open_state, witness_once
from seifas.audit.witness_serve import Witness, WitnessServer
from seifas.cli.reach import is_running
from seifas.drill.stage import Browser, Stage
from seifas.errors import Invalid, Refused, SeifasError, Tampered, Unavailable
from seifas.keeper import living, unlocking, witnessing
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.vault import Change
from seifas.keeper.witness_watch import NOTHING
from seifas.keeper.witnessing import Word

SIGNER = WitnessSigner(Ed25519PrivateKey.generate(), "other-machine")
OTHER = WitnessSigner(Ed25519PrivateKey.generate(), "other-machine")


class Days(NamedTuple):
    """One vault on two days, the witness's note of each, and a fork: the first day with another second day."""

    root: bytes
    first: Path
    second: Path
    fork: Path
    notes: tuple[bytes, bytes]


def admit(data: Path, root: bytes, name: str, count: int) -> None:
    with opened(data, root) as (_, vault):
        for number in range(count):
            patient = os.urandom(16)
            body = {"resourceType": "Patient", "id": patient.hex(), "name": [{"family": f"{name}{number}"}]}
            write(vault, patient, [Change("create", "Patient", patient, patient, 0, msgspec.json.encode(body))])


def name_witness(data: Path, key: str, url: str = "") -> None:
    told = settings_module.replaced(settings_module.load(data), witness_key=key, witness_url=url)
    settings_module.write(data, told)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    place = tmp_path_factory.mktemp("days")
    data, state = place / "vault", place / "witness.json"
    root = found(data, patients=20)
    name_witness(data, str(SIGNER.key))
    key = parse_verifier_key((data / "audit" / "key").read_text())

    def look(start: bool = False) -> bytes:
        verdict = witness_once(str(data / "audit"), key, state, SIGNER, start=start)
        assert verdict.exit_status == 0, verdict.message
        return verdict.checkpoint.encode()

    first_note = look(start=True)
    shutil.copytree(data, place / "first")
    shutil.copytree(data, place / "fork")
    admit(data, root, "Antra", 5)
    admit(place / "fork", root, "Kita", 9)
    return Days(root, place / "first", data, place / "fork", (first_note, look()))


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Path], Path]:
    def copy(data: Path) -> Path:
        return Path(shutil.copytree(data, tmp_path / f"copy-{os.urandom(4).hex()}"))

    return copy


def unlock(data: Path, root: bytes, word: Word, way: str = "passphrase") -> Keeper:
    """Unlocks as the keeper does, line and all, and locks again. Raises what kept it locked."""

    async def go() -> Keeper:
        keeper = Keeper(data, settings_module.load(data))
        await living.with_root(keeper, root, way, word)
        facts, alarms = keeper.facts, keeper.alarms
        await living.close(keeper)
        keeper.facts, keeper.alarms = facts, alarms
        return keeper

    return asyncio.run(go())


# -- without a witness nothing shows


def test_an_old_day_agrees_with_itself(days: Days, put: Callable[[Path], Path]) -> None:
    """What the promise without a witness leaves out, and why there is one."""
    data = put(days.first)
    name_witness(data, "")
    judgement = judge(data, days.root)
    assert not safe(judgement, judgement.answers)


# -- with one


def test_the_days_own_note_and_an_earlier_one_open_it(days: Days, put: Callable[[Path], Path]) -> None:
    for note in days.notes:
        unlock(put(days.second), days.root, Word(note))
    unlock(put(days.first), days.root, Word(days.notes[0]))


def test_a_machine_put_back_stays_locked_and_says_why(days: Days, put: Callable[[Path], Path]) -> None:
    with pytest.raises(Tampered, match=r"seen \d+ audit lines, this vault has \d+.*put back") as refused:
        unlock(put(days.first), days.root, Word(days.notes[1]))
    assert refused.value.where == "witness"


def test_a_machine_put_back_and_worked_on_stays_locked(days: Days, put: Callable[[Path], Path]) -> None:
    with pytest.raises(Tampered, match="forked"):
        unlock(put(days.fork), days.root, Word(days.notes[1]))


def test_a_silent_witness_keeps_it_locked(days: Days, put: Callable[[Path], Path]) -> None:
    with pytest.raises(Unavailable, match="was not heard"):
        unlock(put(days.second), days.root, Word())


def test_the_supervisor_brings_a_keeper_back_without_the_witness(days: Days, put: Callable[[Path], Path]) -> None:
    unlock(put(days.second), days.root, Word(), way="restart")


def test_a_witness_begins_with_a_log_it_does_not_know(days: Days, put: Callable[[Path], Path]) -> None:
    assert unlock(put(days.second), days.root, Word(NOTHING)).facts.witness == ""


def test_a_witness_is_remembered_and_cannot_be_taken_out_of_the_settings(
    days: Days, put: Callable[[Path], Path]
) -> None:
    data = put(days.second)
    assert unlock(data, days.root, Word(days.notes[1])).facts.witness.endswith(str(SIGNER.key))
    for key, word, why in (
        ("", Word(), "no longer name it"),
        ("", Word(days.notes[1]), "no longer name it"),
        (str(OTHER.key), Word(NOTHING), "another witness"),
        (str(SIGNER.key), Word(NOTHING), "no memory"),
    ):
        name_witness(data, key)
        with pytest.raises(Refused, match=why):
            unlock(data, days.root, word)


def test_doing_without_is_recorded_and_rings(days: Days, put: Callable[[Path], Path]) -> None:
    data = put(days.first)
    keeper = unlock(data, days.root, Word(without=True))
    assert [alarm.kind for alarm in keeper.alarms.all()] == ["without-witness"]
    name_witness(data, "")
    with opened(data, days.root) as (_, vault):
        leaves = [vault.audit.read(leaf, 0)[0] for _, leaf in vault.state.leaf_range(vault.state.first_leaf)]
        files = [
            vault.audit.read(leaf, index)[0]
            for index, leaf in enumerate(unlocking.TileReader(vault.audit.directory, vault.audit.size).entries(0))
        ]
    notes = {line.note for line in (*leaves, *files) if line.action == Action.UNLOCK}
    assert notes == {"passphrase-without-witness"}


def test_a_witness_is_let_go_by_doing_without_it_once(days: Days, put: Callable[[Path], Path]) -> None:
    data = put(days.second)
    unlock(data, days.root, Word(days.notes[1]))
    name_witness(data, "")
    assert unlock(data, days.root, Word(without=True)).facts.witness == ""
    unlock(data, days.root, Word())


def test_without_a_witness_doing_without_rings_for_nobody(days: Days, put: Callable[[Path], Path]) -> None:
    data = put(days.second)
    name_witness(data, "")
    assert unlock(data, days.root, Word(without=True)).alarms.all() == []


# -- false words


def test_notes_of_others_are_refused(days: Days, put: Callable[[Path], Path]) -> None:
    note = days.notes[1]
    checkpoint = parse_checkpoint(note)
    stranger = LogSigner(Ed25519PrivateKey.generate(), checkpoint.origin)
    unsigned = checkpoint.text + b"\n" + b"".join(
        line.line() for line in checkpoint.signatures if line.name == checkpoint.origin
    )
    for false in (
        unsigned,
        with_signatures(unsigned, [OTHER.cosign(checkpoint, 1_700_000_000)]),
        stranger.sign(checkpoint.size, checkpoint.root),
        (days.second / "audit" / CHECKPOINT).read_bytes(),
        b"none\n",
        b"\xff" * 200,
        note * 300,
    ):
        with pytest.raises(Tampered):
            unlock(put(days.second), days.root, Word(false))


@settings(max_examples=40)
@given(data=st.data())
def test_no_spoiled_note_opens_a_vault_that_was_put_back(days: Days, data: st.DataObject) -> None:
    note = bytearray(days.notes[1])
    for _ in range(data.draw(st.integers(1, 3))):
        note[data.draw(st.integers(0, len(note) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(note[: data.draw(st.integers(1, len(note)))])
    keeper = Keeper(days.first, settings_module.load(days.first))
    with pytest.raises(SeifasError):
        unlocking.unlock(keeper, days.root, check=witnessing.checking(keeper, "passphrase", Word(cut)))


def test_settings_that_contradict_themselves_are_refused(days: Days, put: Callable[[Path], Path]) -> None:
    data = put(days.second)
    name_witness(data, "", "http://127.0.0.1:1")
    with pytest.raises(Invalid, match="witness_key"):
        unlock(data, days.root, Word())
    name_witness(data, "not a key")
    with pytest.raises(Invalid):
        unlock(data, days.root, Word(days.notes[1]))


def test_the_file_that_a_witness_writes_is_read(days: Days, put: Callable[[Path], Path], tmp_path: Path) -> None:
    data, note = put(days.first), tmp_path / "share" / "checkpoint"
    name_witness(data, str(SIGNER.key), str(note))
    unlock(data, days.root, Word())  # there is no file yet: the witness has not begun
    note.parent.mkdir()
    note.write_bytes(days.notes[1])
    with pytest.raises(Tampered, match="put back"):
        unlock(data, days.root, Word())


# -- the real thing


class Server(NamedTuple):
    url: str
    state: Path
    stop: Callable[[], None]

    def seen(self, key: str) -> int:
        with open_state(self.state, parse_verifier_key(key)) as held:
            return held.record.size


@pytest.fixture
def witness_of(tmp_path: Path) -> Iterator[Callable[[Path], Server]]:
    running: list[Callable[[], None]] = []

    def start(data: Path) -> Server:
        key, state = parse_verifier_key((data / "audit" / "key").read_text()), tmp_path / "witness.json"
        begin_state(state, key, 1)
        server = WitnessServer(("127.0.0.1", 0), Witness(key, state, SIGNER))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()

        def stop() -> None:
            if thread.is_alive():
                server.shutdown()
                thread.join()
                server.server_close()

        running.append(stop)
        return Server(f"http://127.0.0.1:{server.server_address[1]}", state, stop)

    yield start
    for stop in running:
        stop()


def until(true: Callable[[], bool], patience: float = 60.0) -> None:
    give_up = time.monotonic() + patience
    while not true():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.05)


def locked(stage: Stage) -> bool:
    browser = Browser(stage.staff, timeout=2)
    try:
        return bool(browser.ask("GET", "/health").json["locked"])
    except (OSError, ValueError, http.client.HTTPException):
        return True
    finally:
        browser.close()


def test_a_served_clinic_put_back_stays_locked_until_a_person_decides(
    make_stage: Callable[[], Stage], witness_of: Callable[[Path], Server], tmp_path: Path
) -> None:
    stage = make_stage()
    witness = witness_of(stage.data)
    key = (stage.data / "audit" / "key").read_text()
    name_witness(stage.data, str(SIGNER.key), witness.url)
    stage.start()
    until(lambda: witness.seen(key) > 0)
    stage.stop()
    shutil.copytree(stage.data, tmp_path / "yesterday", ignore=shutil.ignore_patterns("*.sock"))
    yesterday = parse_checkpoint((stage.data / "audit" / CHECKPOINT).read_bytes()).size
    stage.start()
    program = stage.program(5)
    program.send("POST", "/fhir/Patient", {"resourceType": "Patient", "name": [{"family": "Vakar"}]})
    program.close()
    until(lambda: witness.seen(key) > yesterday)

    # A keeper that dies comes back by itself, whether or not the witness answers.
    witness.stop()
    stage.kill("keeper")
    until(lambda: not locked(stage))
    stage.stop()

    # A machine that was off needs the witness.
    stage.start(wait=False)
    until(lambda: b"still locked" in stage.log.read_bytes())
    assert locked(stage)
    assert stage.seifas("unlock", fine=False)["exit"] == Unavailable.exit_status
    stage.stop()

    # And one that was put back is refused by it, on the command line and on the unlock page.
    uid = (stage.data / "state").stat().st_uid
    shutil.rmtree(stage.data)
    shutil.copytree(tmp_path / "yesterday", stage.data)
    for path in stage.data.rglob("*"):
        os.chown(path, uid, uid) if os.geteuid() == 0 else None
    note = json.loads(witness.state.read_text())["checkpoint"]
    brought = tmp_path / "brought"
    brought.write_text(note)
    stage.start(wait=False)
    until(lambda: stage.log.read_bytes().count(b"still locked") >= 2)
    until(lambda: is_running(stage.data))
    told = stage.seifas("unlock", "--witness", str(brought), fine=False)
    assert told["exit"] == Tampered.exit_status, (told, stage.log.read_text()[-4000:])
    assert told["where"] == "witness"
    assert "put back" in told["message"]
    assert locked(stage)

    assert stage.seifas("unlock", "--without-witness")["locked"] is False
    until(lambda: not locked(stage))
    with stage.admin() as admin:
        assert "seifas_alarms_live 1" in admin.call("metrics")


def test_the_unlock_page_waits_for_what_the_jobs_process_fetches(
    make_stage: Callable[[], Stage], witness_of: Callable[[Path], Server]
) -> None:
    stage = make_stage()
    witness = witness_of(stage.data)
    name_witness(stage.data, str(SIGNER.key), witness.url)
    stage.start()
    key = (stage.data / "audit" / "key").read_text()
    until(lambda: witness.seen(key) > 0)
    stage.seifas("lock")
    assert locked(stage)
    secret = Path(f"{stage.data}.passphrase").read_text().strip()
    page = Browser(stage.port + 2)
    answer = page.ask("POST", "/unlock", f"passphrase={secret.replace(' ', '+')}",
                      {"Content-Type": "application/x-www-form-urlencoded"})
    page.close()
    assert answer.status == 200, answer.body
    assert not locked(stage)
