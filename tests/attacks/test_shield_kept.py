"""Attacks on what the front keeps: an answer that was somebody's own is given to nobody else, and what stands in a head
that is sampled as evidence says nothing of anybody's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.shield.front.description import Limits


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    limits = Limits(threads=1, connections=2000, sample=1, source_rate=5)
    with front_rig(tmp_path_factory.mktemp("kept") / "f", request.param, limits=limits) as made:
        yield made


def test_an_answer_that_sets_a_cookie_is_kept_for_nobody(rig: FrontRig) -> None:
    """An application behind may begin a session at a picture, and say that anyone may keep it."""
    rig.apps["public"].says = {"cache-control": "public, max-age=60", "set-cookie": "session=of-the-first"}
    try:
        assert rig.ask("/files/a.png", source="127.3.1.1").cookies["session"] == "of-the-first"
        rig.apps["public"].says = {"cache-control": "public, max-age=60"}
        assert "session" not in rig.ask("/files/a.png", source="127.3.2.1").cookies
        asked = len(rig.apps["public"].asked)
        assert rig.ask("/files/a.png", source="127.3.3.1").status == 200
        assert len(rig.apps["public"].asked) == asked, "what is nobody's own is kept"
    finally:
        rig.apps["public"].says = {}


def test_the_lane_of_one_visitor_is_not_kept_for_another(rig: FrontRig) -> None:
    rig.apps["public"].says = {"cache-control": "public, max-age=60"}
    rig.mode(1)
    try:
        challenges = [rig.ask("/x", source="127.3.4.1") for _ in range(12)]
        ask = challenges[-1].cookies["seifas_ask"]
        time.sleep(2.5)
        let_in = rig.ask("/files/b.png", source="127.3.4.1", cookies={"seifas_ask": ask})
        assert (let_in.status, list(let_in.cookies)) == (200, ["seifas_lane"])
        assert rig.ask("/files/b.png", source="127.3.5.1").cookies == {}
    finally:
        rig.mode(0)
        rig.apps["public"].says = {}


def test_a_sampled_head_says_neither_where_a_page_was_nor_why_a_record_was_opened(rig: FrontRig) -> None:
    said = {
        "hx_current_url": "https://x/people?q=Petraitis", "seifas_reason": "depresijos-gydymas", "apikey": "short-one",
        "api_key": "short-two", "x_session": "short-three", "private_token": "short-four", "origin": "https://fine",
    }  # fmt: skip
    rig.ask("/sampled", source="127.3.6.1", **said)
    give_up = time.monotonic() + 60
    while not (lines := [line for line in rig.lines if " /sampled " in line]):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    head = unquote(lines[0].rpartition(" ")[2])
    assert "origin: https://fine" in head
    assert [word for word in ("Petraitis", "depresijos", "short") if word in head] == []
