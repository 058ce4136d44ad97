"""The desk's process is taken over: code of a stranger runs as its user. No session, no key, no more than the budgets.

When the tests run as root the attacker really is the desk's user; otherwise he is the keeper's own user, and files and
processes, which then nobody protects, are left out (`serve` says so loudly).
"""

import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seifas.drill import web_process
from seifas.drill.stage import Stage
from seifas.drill.thieves import Hands, Thief, alarms_in
from seifas.drill.thieves_truth import Truth
from seifas.drill.web_process import LOUD, Attacked, attack, broken
from seifas.drill.web_process_code import OPEN_TO_ANYBODY, Findings
from seifas.drill.web_process_parts import Beside, beside, carry_out, desk_uid, orders_for
from seifas.keeper.door import OPS


@pytest.fixture(scope="module")
def stage(places: Path, large_clinic: Path) -> Iterator[Stage]:
    made = Stage(places / "web-process")
    made.copy_from(large_clinic)
    made.start()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def attacked(stage: Stage, truth: Truth) -> Iterator[Attacked]:
    hands = Hands()
    made = attack(stage, truth, hands, seconds=1.0)
    for deed in LOUD:
        # In up to three rounds: a flood that holds others up does so in each, a busy machine does not.
        for _ in range(2):
            if max(made.loud[deed].slowest_admin_s, made.loud[deed].slowest_public_s) < web_process.SLOWEST_S:
                break
            made.loud[deed] = beside(stage, orders_for(stage, deed, seconds=1.0))
    yield made
    hands.close()


def test_the_attacker_is_the_desks_user_where_separation_is_on(stage: Stage, attacked: Attacked) -> None:
    assert attacked.separated == (os.geteuid() == 0)
    if attacked.separated:
        assert attacked.found.user == desk_uid(stage)
        assert attacked.found.user not in (0, (stage.data / "state").stat().st_uid)


def test_every_op_was_tried_and_none_answered_without_a_session(attacked: Attacked) -> None:
    assert len(OPS.table) > 60
    assert attacked.found.answered == [], ", ".join(attacked.found.answered)
    assert sum(attacked.found.refused.values()) > 1500


def test_no_session_is_invented(attacked: Attacked) -> None:
    assert attacked.found.sessions == []
    assert attacked.found.refused["sign-in"] > 500


def test_what_was_seen_once_serves_no_second_time(attacked: Attacked) -> None:
    assert attacked.found.replayed == []


def test_a_live_session_has_its_own_hats_and_no_others(attacked: Attacked) -> None:
    assert attacked.found.rights == []


def test_sockets_files_and_processes_of_others_are_shut(attacked: Attacked) -> None:
    assert attacked.found.sockets == []
    assert attacked.found.files == []
    assert attacked.found.processes == []


def test_one_live_session_gives_what_its_owner_could_have_opened(attacked: Attacked) -> None:
    print(f"captured: {attacked.strangers} strangers, {attacked.booked} booked, {len(attacked.found.cards)} cards")
    assert 1 <= attacked.strangers <= 10
    assert 1 <= attacked.booked <= 30


@pytest.mark.parametrize("deed", LOUD)
def test_floods_hurt_nobody_else(attacked: Attacked, deed: str) -> None:
    seen = attacked.loud[deed]
    print(f"{deed}: {seen}")
    assert seen.alive
    assert seen.failed == 0
    assert max(seen.slowest_admin_s, seen.slowest_public_s) < web_process.SLOWEST_S
    assert seen.grew_mib < web_process.MOST_GROWN_MIB


def test_bad_frames_silence_nobody(attacked: Attacked) -> None:
    assert attacked.found.silent == []


def test_the_keeper_lived_and_a_colleague_works_on(attacked: Attacked) -> None:
    assert attacked.alive
    assert attacked.colleague
    assert broken(attacked) == []


def test_the_log_of_it_holds_no_defect_and_no_token(stage: Stage, attacked: Attacked, truth: Truth) -> None:
    log = stage.log.read_bytes()
    assert b"failed by a defect" not in log
    assert b"died" not in log
    for patient in itertools.islice(truth.cards.values(), 200):
        assert patient.codes == () or patient.codes[0].encode() not in log
    assert b"a caller was turned away" in log


def test_the_step_tells_what_is_broken() -> None:
    """Else a kept promise would mean nothing."""
    fine = Beside(slowest_admin_s=0.01, slowest_public_s=0.01, failed=0, grew_mib=1, alive=True)
    slow = Beside(slowest_admin_s=3.0, slowest_public_s=0.01, failed=0, grew_mib=2000, alive=True)
    good = Attacked(Findings(charts=["x"]), True, 1, 1, {"flood": fine}, alive=True, colleague=True)
    assert broken(good) == []
    for wrong in (
        Findings(charts=["x"], answered=["record.read"]), Findings(charts=["x"], sessions=["record.read"]),
        Findings(charts=["x"], files=["read slots.json"]), Findings(charts=["x"], processes=["mem of keeper"]),
        Findings(charts=["x"], sockets=["admin"]), Findings(charts=["x"], replayed=["session.link"]),
        Findings(charts=["x"], rights=["budget.refund"]), Findings(charts=["x"], silent=["noise"]), Findings(),
    ):
        assert len(broken(good._replace(found=wrong))) == 1
    assert len(broken(good._replace(loud={"flood": slow}))) == 1
    assert len(broken(good._replace(strangers=11))) == 1
    assert len(broken(good._replace(alive=False, colleague=False))) == 2


def test_the_attackers_program_finds_what_is_open(stage: Stage, hands: Hands, attacked: Attacked) -> None:
    """As root he gets in everywhere, so what he reports as shut is shut and not merely unseen."""
    if os.geteuid() != 0:
        return
    orders = orders_for(stage, "knock", "take_files", "take_processes")
    found = carry_out(msgspec.structs.replace(orders, uid=0))
    assert "admin" in found.sockets
    assert any(one.startswith("read slots.json") for one in found.files)
    assert any(one.startswith("listed keys") for one in found.files)
    assert any(one.endswith("of keeper") for one in found.processes)
    live = hands.cookie(stage, "nurse1").browser.cookie.partition("=")[2]
    again = carry_out(orders_for(stage, "forged", ended=live))
    assert "session.end" in again.sessions


def test_another_process_of_the_keepers_own_user_reads_no_memory(stage: Stage, attacked: Attacked) -> None:
    """No dumps, no ptrace by the same user: what is not root does not get at keys in memory."""
    keeper = (stage.data / "state").stat().st_uid
    if keeper in (0, os.geteuid()):
        return
    orders = msgspec.structs.replace(orders_for(stage, "take_processes"), uid=keeper)
    found = carry_out(orders)
    assert found.user == keeper
    assert not [one for one in found.processes if not one.startswith(("signal to", "became"))]


def test_an_alarm_gets_out_under_a_flood(stage: Stage, hands: Hands, truth: Truth, attacked: Attacked) -> None:
    seen: list[Beside] = []
    flooding = threading.Thread(target=lambda: seen.append(beside(stage, orders_for(stage, "flood", seconds=4.0))))
    flooding.start()
    time.sleep(0.7)
    answer = Thief.everything(hands.cookie(stage, "doctor6"), sorted(truth.decoys)[0])
    assert answer.status == 429
    give_up = time.monotonic() + 60
    while not any(one.kind == "canary" for one in alarms_in(stage.log.read_bytes())):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    flooding.join()
    assert seen[0].alive


def test_ops_that_need_no_session_say_nothing_of_patients() -> None:
    """The few that answer anybody on the desk's socket."""
    assert sorted(OPEN_TO_ANYBODY) == [
        "clinic.public", "health", "metrics", "session.passkey_begin"]
