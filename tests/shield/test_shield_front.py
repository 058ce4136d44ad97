"""The front as a visitor meets it: lanes, modes, the challenge, what it logs. Over every HAProxy that is here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from front_rig import FrontRig, front_rig, haproxies, solution


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), request.param) as made:
        yield made


@pytest.fixture(autouse=True)
def calm(rig: FrontRig) -> None:
    rig.mode(0)
    rig.mode(0, "staff")
    for app in rig.apps.values():
        app.says, app.status = {}, 200


def test_a_calm_front_asks_nothing(rig: FrontRig) -> None:
    answer = rig.ask("/lt/")
    assert (answer.status, answer.body) == (200, b"of the application")
    assert not answer.cookies


def test_in_a_siege_a_stranger_is_challenged_and_gets_in_by_solving(rig: FrontRig) -> None:
    rig.mode(2)
    asked = rig.ask("/lt/form", source="127.0.9.1")
    assert asked.status == 403
    assert b"/.shield/solve.js" in asked.body
    cookie = rig.solve("127.0.9.1")
    assert cookie.startswith("1.solved.")
    answer = rig.ask("/lt/form", source="127.0.9.1", cookies={"seifas_lane": cookie})
    assert answer.body == b"of the application"


def test_without_a_script_waiting_is_enough_and_once(rig: FrontRig) -> None:
    rig.mode(2)
    for _ in range(3):  # where two requests lie seconds apart, the machine was busy
        ticket = {"seifas_ask": rig.ask("/lt/", source="127.0.8.1").cookies["seifas_ask"]}
        early = rig.ask("/lt/", source="127.0.8.1", cookies=ticket).status
        if early == 403:
            break
    assert early == 403
    time.sleep(3)
    answer = rig.ask("/lt/", source="127.0.8.1", cookies=ticket)
    assert answer.status == 200
    lane = answer.cookies["seifas_lane"]
    assert lane.startswith("1.waited.")
    assert rig.ask("/lt/", source="127.0.8.1", cookies=ticket).status == 403
    assert rig.ask("/lt/", source="127.0.8.1", cookies={"seifas_lane": lane}).status == 200


@pytest.mark.parametrize("lane", ["staff", "patient"])
def test_whoever_has_signed_in_is_never_challenged(rig: FrontRig, lane: str) -> None:
    cookie = rig.signed_in(lane, "127.0.7.1")
    assert cookie.startswith(f"1.{lane}.")
    rig.mode(2)
    assert rig.ask("/lt/", source="127.0.7.200", cookies={"seifas_lane": cookie}).status == 200


def test_health_and_tokens_are_never_challenged(rig: FrontRig) -> None:
    rig.mode(2, "staff")
    rig.mode(2)
    assert rig.ask("/health").status == 200
    assert rig.ask("/health", name="staff").status == 200
    assert rig.ask("/auth/token", name="staff", method="POST", body=b"x").status == 200
    assert rig.ask("/fhir/Patient", name="staff", authorization="Bearer abc").status == 403
    rig.apps["desk"].says = {"seifas-lane": "machine", "seifas-token": "abc"}
    given = rig.ask("/auth/token", name="staff", method="POST", body=b"x")
    assert given.header("seifas-token") is None
    rig.apps["desk"].says = {"seifas-lane": "machine"}
    assert rig.ask("/fhir/Patient", name="staff", authorization="Bearer abc").status == 200
    assert rig.ask("/fhir/Patient", name="staff", authorization="bearer abd").status == 403


def test_what_was_sent_is_not_lost_in_silence(rig: FrontRig) -> None:
    rig.mode(2)
    answer = rig.ask("/lt/request", method="POST", body=b"a=1")
    assert answer.status == 403
    assert "Dar neišsiųsta".encode() in answer.body
    assert b"Not sent yet" in answer.body


def test_lines_tell_of_every_request(rig: FrontRig) -> None:
    before = len(rig.lines)
    rig.ask("/lt/0123456789abcdef0123456789abcdef/x?secret=1")
    rig.raw(b"nonsense\r\n\r\n")
    lines = rig.logged(before + 2)[before:]
    served, refused = lines[0], lines[1]
    assert len(served) == len(refused) == 13
    assert served[3:7] == ["p", "stranger", "served", "200"]
    assert served[11] == "/lt/*/x"
    assert refused[5:7] == ["refused", "400"]


def test_a_solution_within_its_ten_minutes_is_good_at_its_own_target(rig: FrontRig) -> None:
    rig.mode(2)
    challenge = rig.ask("/", source="127.0.6.1").cookies["seifas_ask"]
    rig.runtime.set_number("target", 1)  # harder meanwhile: what was begun is finished as it was begun
    try:
        path = f"/.shield/solve?n={solution(challenge)}"
        assert rig.ask(path, source="127.0.6.1", cookies={"seifas_ask": challenge}).status == 204
    finally:
        rig.runtime.set_number("target", 2**32 // 2**15)


def test_what_anyone_may_keep_is_kept_and_no_query_gets_past_that(rig: FrontRig) -> None:
    app = rig.apps["public"]
    app.says = {"cache-control": "public, max-age=600", "content-type": "image/png"}
    for query in ("", "?a=1", "?a=2"):
        assert rig.ask(f"/files/one.png{query}", source="127.0.5.1").status == 200
    asked = [path for _, path, _, _ in app.asked if path.startswith("/files/one")]
    assert asked == ["/files/one.png"]
    rig.mode(2)
    assert rig.ask("/files/one.png?x=3", source="127.0.5.2").body == b"of the application"
    assert rig.ask("/files/two.png", source="127.0.5.2").status == 503  # nobody is asked for it
    assert not [path for _, path, _, _ in app.asked if path.startswith("/files/two")]


def test_what_is_somebodys_own_is_never_kept(rig: FrontRig) -> None:
    app = rig.apps["public"]
    app.says = {"cache-control": "no-store"}
    for _ in range(2):
        rig.ask("/files/own.png", source="127.0.5.1")
    assert len([path for _, path, _, _ in app.asked if path == "/files/own.png"]) == 2


def test_a_loop_that_is_away_costs_nothing(tmp_path: Path) -> None:
    alone = FrontRig(tmp_path / "front", haproxies()[0])
    alone.front.lines_socket.unlink()
    try:
        alone.start()
        spent = []
        while len(spent) < 3 and min(spent, default=1.0) >= 0.4:
            before = alone.processor_s()
            for _ in range(20):
                alone.ask("/")
                time.sleep(0.1)
            spent.append(alone.processor_s() - before)
        assert min(spent) < 0.4
    finally:
        alone.stop()
