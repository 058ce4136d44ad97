"""Attacks on the challenge: no solution counts twice, elsewhere, late, at another's price, or without the work."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator

import pytest
from front_rig import NOW, Answer, FrontRig, front_rig, haproxies, solution

from seifas.shield.front import keys
from seifas.shield.front.description import Limits

KEYS = keys.fresh(NOW)


@pytest.fixture(scope="module", params=haproxies()[-1:], ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), request.param, keys=KEYS, modes={"public": 2}) as made:
        yield made


def challenge(made: int, *, net: str, target: int = 2**32 // 64, ident: int = 123456789) -> str:
    """A challenge as only who has the key can make it."""
    text = f"ask|a.{made}.{ident}.{target}|{net}"
    mac = hmac.new(base64.b64decode(KEYS.a), text.encode(), hashlib.sha256).digest()[:16].hex().upper()
    return f"a.{made}.{ident}.{target}.{mac}"


def handed_in(rig: FrontRig, asked: str, source: str, nonce: object = None) -> Answer:
    number = solution(asked) if nonce is None else nonce
    return rig.ask(f"/.shield/solve?n={number}", source=source, cookies={"seifas_ask": asked})


def test_a_solution_counts_once(rig: FrontRig) -> None:
    asked = rig.ask("/", source="127.1.0.1").cookies["seifas_ask"]
    assert handed_in(rig, asked, "127.1.0.1").status == 204
    assert handed_in(rig, asked, "127.1.0.1").status == 400
    assert handed_in(rig, asked, "127.1.0.2").status == 400  # nor for a neighbour


def test_a_solution_handed_in_by_many_at_once_counts_once(rig: FrontRig) -> None:
    asked = rig.ask("/", source="127.1.1.1").cookies["seifas_ask"]
    number, answers = solution(asked), []
    hands = [
        threading.Thread(target=lambda n=n: answers.append(handed_in(rig, asked, f"127.1.1.{n}", number).status))
        for n in range(1, 13)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert answers.count(204) == 1


def test_another_solution_of_the_same_challenge_counts_no_more(rig: FrontRig) -> None:
    asked = challenge(int(time.time()), net="127.1.2.0", ident=192)
    first = solution(asked)
    second = first + 1
    while int.from_bytes(hashlib.sha256(f"{asked}:{second}".encode()).digest()[:4], "big") >= 2**32 // 64:
        second += 1
    assert handed_in(rig, asked, "127.1.2.1", first).status == 204
    assert handed_in(rig, asked, "127.1.2.1", second).status == 400


def test_a_challenge_is_of_one_network(rig: FrontRig) -> None:
    asked = rig.ask("/", source="127.1.3.1").cookies["seifas_ask"]
    assert handed_in(rig, asked, "127.1.4.1").status == 400
    assert handed_in(rig, asked, "127.1.3.77").status == 204


@pytest.mark.parametrize(("age", "status"), [(0, 204), (590, 204), (606, 400), (3600, 400), (-3, 204), (-60, 400)])
def test_ten_minutes_whatever_the_hour(rig: FrontRig, age: int, status: int) -> None:
    asked = challenge(int(time.time()) - age, net="127.1.5.0", ident=abs(age))
    assert handed_in(rig, asked, "127.1.5.1").status == status


def test_the_price_is_part_of_what_was_signed(rig: FrontRig) -> None:
    asked = rig.ask("/", source="127.1.6.1").cookies["seifas_ask"]
    parts = asked.split(".")
    easy = ".".join([*parts[:3], str(2**32 - 1), parts[4]])
    assert handed_in(rig, easy, "127.1.6.1", 1).status == 400


@pytest.mark.parametrize(
    "nonce", ["", "x", "-1", "1" * 16, "1e3", "0x10", "1%00", "1&n=2", " 1", "9" * 4000, "%31", "1;2", "1.0", "\u0661"]
)
def test_no_other_number_is_taken(rig: FrontRig, nonce: str) -> None:
    asked = challenge(int(time.time()), net="127.1.7.0", target=2**32 - 1, ident=abs(hash(nonce)) % 2**32)
    sent = nonce.encode("ascii", "ignore").decode().replace(" ", "%20")
    answer = handed_in(rig, asked, "127.1.7.1", sent)
    # "1&n=2", "1;2" and "%31" name a number after all: what counts is that it was worked for and is taken once.
    assert answer.status in (400, 431) or sent in ("1&n=2", "1;2", "%31")


@pytest.mark.parametrize("asked", ["", "a", "a.b.c.d.e", "a.1.2.3." + "0" * 32, "a" * 7000, "a.0.x.9.", "..|.."])
def test_no_other_challenge_is_taken(rig: FrontRig, asked: str) -> None:
    assert handed_in(rig, asked, "127.1.8.1", 1).status in (400, 431)


def test_a_lane_cookie_is_no_challenge_and_a_challenge_no_lane(rig: FrontRig) -> None:
    asked = rig.ask("/", source="127.1.9.1").cookies["seifas_ask"]
    assert rig.ask("/x", source="127.1.9.1", cookies={"seifas_lane": asked}).status == 403
    lane = rig.solve("127.1.9.1")
    assert handed_in(rig, lane, "127.1.9.1", 1).status == 400


def test_solving_in_advance_buys_ten_minutes_only_and_one_cookie_each(rig: FrontRig) -> None:
    hoard = [rig.ask("/", source="127.1.10.1").cookies["seifas_ask"] for _ in range(5)]
    assert len(set(hoard)) == 5
    lanes = {handed_in(rig, asked, "127.1.10.1").cookies["seifas_lane"] for asked in hoard}
    assert len(lanes) == 5


def test_one_solution_is_worth_so_many_requests_and_no_more(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    limits = Limits(threads=1, connections=1000, proven_worth=20)
    with front_rig(tmp_path_factory.mktemp("worth"), haproxies()[0], modes={"public": 2}, limits=limits) as rig:
        lane = rig.solve("127.1.20.1")
        answers = [
            rig.ask("/x", source=f"127.1.20.{n + 1}", cookies={"seifas_lane": lane}).status for n in range(30)
        ]
        assert answers == [200] * 20 + [403] * 10  # challenged again, not locked out
        assert rig.ask("/x", source="127.1.20.1", cookies={"seifas_lane": rig.solve("127.1.20.1")}).status == 200


def test_waiting_is_paced_by_network(rig: FrontRig) -> None:
    made = int(time.time()) - 10
    let_in = 0
    for n in range(30):
        asked = challenge(made, net="127.1.11.0", ident=n)
        let_in += rig.ask("/w", source=f"127.1.11.{n + 1}", cookies={"seifas_ask": asked}).status == 200
    assert 10 <= let_in <= 14
    asked = challenge(made, net="127.1.12.0", ident=2**32 - 1)
    assert rig.ask("/w", source="127.1.12.1", cookies={"seifas_ask": asked}).status == 200  # others go on


def test_who_is_turned_away_again_and_again_hears_nothing_until_he_solves(rig: FrontRig) -> None:
    source, heard, silent = "127.1.13.1", 0, 0
    hasty = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    while silent < 5:
        assert heard < 60
        answered = b"403" in rig.raw(hasty, source=source, wait_s=1.0)[:20]
        heard, silent = heard + answered, silent + (not answered)
    assert 30 <= heard <= 55
    lane = rig.solve("127.1.13.2")
    kept = f"GET /x HTTP/1.1\r\nHost: x\r\nCookie: seifas_lane={lane}\r\nConnection: close\r\n\r\n".encode()
    # Another behind the same address, with a cookie: heard once in a while, and always from then on.
    give_up = time.monotonic() + 60
    while b" 200 " not in rig.raw(kept, source=source, wait_s=0.05)[:20]:
        assert time.monotonic() < give_up
    assert all(b" 200 " in rig.raw(kept, source=source, wait_s=30)[:20] for _ in range(20))
