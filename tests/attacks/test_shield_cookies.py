"""Attacks on the front's cookies: nobody gets a lane that was not given, from elsewhere, for longer, or twice over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator

import pytest
from front_rig import NOW, FrontRig, front_rig, haproxies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seifas.shield.front import keys

KEYS = keys.fresh(NOW)
HERE = "127.0.20.1"
NET = "127.0.20.0"


@pytest.fixture(scope="module", params=haproxies()[-1:], ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), request.param, keys=KEYS, modes={"public": 2, "staff": 2}) as made:
        yield made


def signed(
    lane: str = "patient", until: int | None = None, *, slot: str = "a", net: str = NET, key: str = "", ident: str = ""
) -> str:
    """A cookie as only who has the key can make it."""
    until, ident = until if until is not None else int(time.time()) + 1000, ident or "0123456789ab"
    text = f"lane|{lane}|{slot}|{until}|{ident}|{net}"
    secret = base64.b64decode(key or (KEYS.a if slot == "a" else KEYS.b))
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()[:16].hex().upper()
    return f"1.{lane}.{slot}.{until}.{ident}.{mac}"


def got_in(rig: FrontRig, cookie: str, source: str = HERE, name: str = "public") -> bool:
    return rig.ask("/lt/", source=source, name=name, cookies={"seifas_lane": cookie}).status == 200


def test_a_cookie_signed_with_the_key_is_taken(rig: FrontRig) -> None:
    # Without this the tests below would prove nothing.
    assert got_in(rig, signed())
    assert got_in(rig, signed(slot="b"))
    assert got_in(rig, signed("staff"), name="staff")


def others() -> tuple[str, ...]:
    """Cookies that are none, made when they are tried: some are good but for one thing, and that only for a while."""
    return (
        signed(net="127.0.21.0"),
        signed(net="127.0.20.1"),
        signed(key=base64.b64encode(bytes(32)).decode()),
        signed(key=KEYS.b),  # of one slot under the other's name
        signed(until=int(time.time()) - 1),
        signed(until=int(time.time()) + 31 * 86400),  # made by a clock that ran ahead
        signed("machine"),
        signed("stranger"),
        signed(until=10**9),
        signed() + "0",
        signed()[:-1],
        signed().lower(),
        signed().replace("1.patient", "1.staff"),
        signed().replace("1.patient", "2.patient"),
        signed().replace("patient.a", "patient.c"),
        signed("patient|a", until=int(time.time()) + 1000),  # the delimiter in a field
        signed(ident="0123456789|a"),
        "1.patient.a.9999999999.0123456789ab." + "0" * 32,
        "1.patient.a..0123456789ab." + "0" * 32,
        "",
        "." * 5,
        "a" * 6000,
        "1.patient.a.%31%32.x.y",
        "\u0161".encode().decode("latin-1"),
    )


@pytest.mark.parametrize("number", range(len(others())))
def test_no_other_cookie_is(rig: FrontRig, number: int) -> None:
    assert not got_in(rig, others()[number])


def test_a_cookie_is_good_in_its_network_only(rig: FrontRig) -> None:
    cookie = signed()
    assert got_in(rig, cookie, "127.0.20.250")
    assert not got_in(rig, cookie, "127.0.22.1")


def test_a_patient_is_nobody_of_the_staff(rig: FrontRig) -> None:
    before = len(rig.lines)
    rig.ask("/desk", name="staff", source=HERE, cookies={"seifas_lane": signed("patient")})
    assert rig.logged(before + 1)[-1][4] in ("solved", "waited", "stranger")


def test_of_two_cookies_of_one_name_one_counts_and_a_bad_one_hides_none(rig: FrontRig) -> None:
    good, bad = signed(), signed(net="127.9.9.0")
    answers = {
        rig.ask("/lt/", source=HERE, cookie=text).status
        for text in (f"seifas_lane={good}; seifas_lane={bad}", f"seifas_lane={bad}; seifas_lane={good}")
    }
    assert answers == {200, 403}  # the last one counts, always
    assert rig.ask("/lt/", source=HERE, cookie=f"seifas_lane ={good}").status in (200, 403)
    assert rig.ask("/lt/", source=HERE, cookie=f'SEIFAS_LANE={good}; seifas_lane="{good}"').status == 403


def test_an_application_can_give_only_its_own_lanes(rig: FrontRig) -> None:
    for name, path, said in (("public", "/lt/", "staff"), ("public", "/lt/", "patient"), ("portal", "/my", "staff")):
        rig.apps[name].says = {"seifas-lane": said}
        answer = rig.ask(path, source=HERE, cookies={"seifas_lane": signed("solved")})
        assert answer.status == 200
        assert "seifas_lane" not in answer.cookies
        assert answer.header("seifas-lane") is None
        rig.apps[name].says = {}


def test_a_lane_is_given_by_an_application_alone(rig: FrontRig) -> None:
    answer = rig.ask("/lt/", source=HERE, seifas_lane="staff", cookies={"seifas_lane": signed("solved")})
    assert "seifas_lane" not in answer.cookies
    assert "seifas-lane" not in rig.apps["public"].asked[-1][2]


def test_a_fresh_cookie_is_not_made_anew_and_none_is_lowered(rig: FrontRig) -> None:
    rig.apps["portal"].says = {"seifas-lane": "patient"}
    try:
        month = int(time.time()) + 30 * 86400
        given = {
            lane: rig.ask(
                "/my", source=HERE, cookies={"seifas_lane": signed(lane, until, ident="0000000000aa")}
            ).cookies
            for lane, until in (("patient", month - 10), ("staff", month - 10), ("solved", int(time.time()) + 100))
        }
        assert not given["patient"]
        assert not given["staff"]
        assert given["solved"]["seifas_lane"].startswith("1.patient.")
        old = rig.ask("/my", source=HERE, cookies={"seifas_lane": signed("patient", month - 3 * 86400)})
        assert old.cookies["seifas_lane"].startswith("1.patient.")
    finally:
        rig.apps["portal"].says = {}


def test_one_cookie_has_a_rate_and_the_other_keeps_its_own(rig: FrontRig) -> None:
    one, other = signed("solved", ident="00000000000a"), signed("solved", ident="00000000000b")
    answers: list[int] = []
    while answers.count(429) < 10:  # from many addresses of its network
        assert len(answers) < 2000
        source = f"127.0.20.{20 + len(answers) % 50}"
        answers.append(rig.ask("/lt/", source=source, cookies={"seifas_lane": one}).status)
    assert answers.count(200) >= 20
    assert got_in(rig, other)


def test_made_up_cookies_fill_no_table(rig: FrontRig) -> None:
    for n in range(60):
        got_in(rig, f"1.patient.a.{int(time.time()) + 100}.{n:012x}.{n:032X}", f"127.0.30.{n + 1}")
        rig.ask("/lt/", source=f"127.0.30.{n + 1}", authorization=f"Bearer {n}", name="staff")
    keys_ = {row["key"] for row in rig.runtime.table("st_cookies")}
    assert not {f"{n:012x}" for n in range(60)} & keys_ - {"0123456789ab", "00000000000a", "00000000000b"}
    assert not list(rig.runtime.table("st_tokens"))
    assert "::ffff:127.0.30.0" not in {row["key"] for row in rig.runtime.table("st_known")}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";,\"\\"), max_size=120))
def test_no_text_is_a_cookie(rig: FrontRig, text: str) -> None:
    source = f"127.2.{len(text)}.{sum(text.encode()) % 250 + 1}"  # who fails again and again is not even heard
    assert not got_in(rig, text, source)


def test_a_rotated_key_still_opens_and_one_gone_twice_does_not(rig: FrontRig) -> None:
    held = signed()
    once = keys.rotated(KEYS, NOW)
    for name in ("key_a", "key_b", "slot"):
        rig.runtime.set_word(name, getattr(once, name.removeprefix("key_")))
    try:
        assert got_in(rig, held)
        twice = keys.rotated(once, NOW)
        rig.runtime.set_word("key_a", twice.a)
        rig.runtime.set_word("slot", twice.slot)
        assert not got_in(rig, held)
    finally:
        for name in ("key_a", "key_b", "slot"):
            rig.runtime.set_word(name, getattr(KEYS, name.removeprefix("key_")))
