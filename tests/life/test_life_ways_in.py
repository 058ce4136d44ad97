"""The ways to open a vault: added, changed, taken away, rehearsed; never the last one, never without proof."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from life_clinic import PASSPHRASES, Clinic, passphrase_file
from test_life_backup import back_up

from seifas.crypto import slots
from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError
from seifas.keeper import unlocking
from seifas.keeper.lines import Action, Outcome
from seifas.restoring import rehearsing

NEW = "vilkas-upokšnis-naktis-uola"


@pytest.fixture
def served(demo_clinic: Clinic) -> Clinic:
    demo_clinic.start()  # a demo, so that new slots cost as little as the others
    return demo_clinic


def opens(clinic: Clinic, passphrase: str) -> bool:
    try:
        unlocking.root_by_passphrase(clinic.data / "keys", passphrase)
    except Refused:
        return False
    return True


def test_passphrases_come_and_go(served: Clinic) -> None:
    proof = {"passphrase": PASSPHRASES["boss"]}
    served.call("admin.passphrase_add", name="medic", new=NEW, proof=proof)
    assert opens(served, NEW)
    with pytest.raises(Conflict):
        served.call("admin.passphrase_add", name="medic", new=NEW, proof=proof)
    served.call("admin.passphrase_change", name="medic", new=NEW + "-kitas", proof={"secrets": served.secrets[:2]})
    assert (opens(served, NEW), opens(served, NEW + "-kitas")) == (False, True)
    served.call("admin.passphrase_remove", name="medic", proof=proof)
    assert not opens(served, NEW + "-kitas")
    served.call("admin.passphrase_remove", name="officer", proof=proof)
    with pytest.raises(Refused, match="last passphrase"):
        served.call("admin.passphrase_remove", name="boss", proof=proof)
    assert opens(served, PASSPHRASES["boss"])
    with pytest.raises(Missing):
        served.call("admin.passphrase_remove", name="nobody", proof=proof)
    served.stop()
    notes = [line.note for line in served.lines() if line.action == Action.WAYS]
    assert notes == ["passphrase-added", "passphrase-changed", "passphrase-removed", "passphrase-removed"]


@pytest.mark.parametrize("proof", [
    {}, {"passphrase": ""}, {"passphrase": "guess"}, {"secrets": []}, {"secrets": ["x"]}, {"passphrase": "x" * 5000},
])
def test_nothing_changes_without_proof(served: Clinic, proof: dict) -> None:
    before = (served.data / "keys" / "slots.json").read_bytes()
    for op, more in (
        ("admin.passphrase_add", {"name": "thief", "new": NEW}),
        ("admin.passphrase_change", {"name": "boss", "new": NEW}),
        ("admin.passphrase_remove", {"name": "officer"}), ("admin.custodians_new", {"needed": 2, "names": ["a", "b"]}),
    ):
        with pytest.raises((Refused, Invalid)):
            served.call(op, proof=proof, **more)
    assert (served.data / "keys" / "slots.json").read_bytes() == before


def test_slots_that_somebody_put_in_place_of_ours_prove_nothing(served: Clinic) -> None:
    path = served.data / "keys" / "slots.json"
    kept = path.read_bytes()
    other = slots.new_passphrase_slot(bytes(range(32)), "thief-thief-thief", "thief", slots.DEMO)
    path.write_bytes(slots.encode_slots((*slots.decode_slots(kept), other)))
    with pytest.raises(SeifasError):
        served.call("admin.passphrase_add", name="more", new=NEW, proof={"passphrase": "thief-thief-thief"})


def test_new_custodians_replace_the_old(served: Clinic, tmp_path: Path) -> None:
    made = served.call(
        "admin.custodians_new", needed=2, names=["Ona", "Žydrė", "Rasa"], proof={"secrets": served.secrets[1:]}
    )
    secrets = list(made["secrets"].values())
    with pytest.raises(Refused):
        served.call("admin.custodians_new", needed=2, names=["a", "b"], proof={"secrets": served.secrets[:2]})
    with pytest.raises(Invalid):
        served.call("admin.custodians_new", needed=3, names=["a", "b"], proof={"secrets": secrets[:2]})
    served.call("admin.lock")
    with served.admin() as admin:
        admin.call("admin.unlock_custodians", secrets=secrets[1:])


def test_a_rehearsal_touches_nothing_and_is_written_down(served: Clinic, tmp_path: Path) -> None:
    keys_to = back_up(served, tmp_path)["keys_to"]
    secrets = tmp_path / "secrets"
    secrets.write_text("\n".join(served.secrets[:2]) + "\n")
    before = {path.name: path.read_bytes() for path in keys_to.iterdir()}
    told = served.seifas("recovery-test", "--custodians", "--secrets-file", str(secrets), "--keys-from", str(tmp_path))
    assert told["opened"]
    assert told["recorded"]
    assert told["people"] == ["officer", "boss"]
    assert {path.name: path.read_bytes() for path in keys_to.iterdir()} == before
    secrets.write_text(served.secrets[0] + "\n")
    told = served.seifas("recovery-test", "--secrets-file", str(secrets), "--keys-from", str(keys_to), fine=False)
    assert told["exit"] == 2, "one of two is too few"
    served.stop()
    lines = [line for line in served.lines() if line.action == Action.REHEARSAL]
    assert [(line.outcome, line.note) for line in lines] == [(Outcome.DONE, "custodians:2:generation:1")]


def test_each_custodian_proves_alone_whose_secret_it_is(served: Clinic, tmp_path: Path) -> None:
    keys_to = back_up(served, tmp_path)["keys_to"]
    assert [rehearsing.recognised(keys_to, secret) for secret in served.secrets] == ["officer", "boss", "third"]
    spoilt = served.secrets[0][:-1] + ("0" if served.secrets[0][-1] != "0" else "1")
    with pytest.raises(Invalid):
        rehearsing.recognised(keys_to, spoilt)
    with pytest.raises((Invalid, Refused)):
        rehearsing.recognised(keys_to, "")


def test_a_lost_key_store_copy_fails_the_rehearsal_and_rings(served: Clinic, tmp_path: Path) -> None:
    made = back_up(served, tmp_path)
    served.call("admin.custodians_new", needed=2, names=["a", "b"], proof={"passphrase": PASSPHRASES["boss"]})
    newer = back_up(served, tmp_path, name="two")
    assert rehearsing.rehearse(made["keys_to"], served.settings.clinic_id, secrets=served.secrets[:2]).generation == 1
    with pytest.raises(Refused):
        rehearsing.rehearse(newer["keys_to"], served.settings.clinic_id, secrets=served.secrets[:2])
    served.call("admin.rehearsed", way="custodians", people=2, generation=1, opened=False)
    time.sleep(0.1)
    served.stop()
    assert any(line.action == Action.REHEARSAL and line.outcome == Outcome.REFUSED for line in served.lines())


def test_the_command_line_makes_one_up_and_shows_it_once(served: Clinic) -> None:
    file = passphrase_file(served.data)
    told = served.seifas("passphrase", "add", "medic", "--passphrase-file", str(file))
    assert opens(served, told["passphrase"])
    found = served.seifas("passphrase", "list")["ways"]
    assert {one.get("name") for one in found} == {"officer", "boss", "medic", None}
    assert told["passphrase"] not in str(found)
