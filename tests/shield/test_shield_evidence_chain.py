"""The chain of minutes: whole, or it says where it is not."""

from hashlib import sha256

import flood_makers as makers
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.evidence import chain, checking
from seifas.shield.evidence.chain import Head, Kept
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.making import Evidence, made
from seifas.shield.evidence.paper import About
from seifas.shield.model import Change


def links(count: int = 5, name: bytes = makers.CHAIN) -> list[bytes]:
    head, made = Head.begin(name), []
    for place in range(count):
        link, head = chain.linked(head, makers.minute(place))
        made.append(link)
    return made


def kept(bodies: list[bytes]) -> list[Kept]:
    return [Kept(100 + place, sha256(one).digest(), one) for place, one in enumerate(bodies)]


def test_a_whole_chain_is_whole_in_any_order_and_with_one_told_twice() -> None:
    told = kept(links())
    found = chain.checked([*reversed(told), msgspec.structs.replace(told[2], line=900)])
    assert found.problems == ()
    assert [one.number for one in found.links] == [0, 1, 2, 3, 4]
    assert found.links[3].minute == makers.minute(3)
    assert checking.checked_minutes(told, 5).problems == ()


def test_every_byte_of_a_minute_counts() -> None:
    for place in range(0, len(links(1)[0]), 7):
        told = kept(links(2))
        body = bytearray(told[0].body)
        body[place] ^= 1
        told[0] = msgspec.structs.replace(told[0], body=bytes(body))
        assert chain.checked(told).problems


@pytest.mark.parametrize("gone", range(4))
def test_a_missing_minute_is_named(gone: int) -> None:
    told = kept(links())
    del told[gone]
    (problem,) = chain.checked(told).problems
    assert problem == f"before line {101 + gone}, minutes {gone} to {gone} are missing"


def test_the_last_ones_missing_is_shown_by_the_number() -> None:
    told = kept(links())
    assert chain.checked(told[:4]).problems == ()
    assert "keeps 5 minutes, and 4" in checking.checked_minutes(told[:4], 5).problems[0]
    assert checking.checked_minutes(told, 4).problems == ()


def test_changes_that_are_none_are_left_out() -> None:
    good = makers.changes()
    told = [*map(msgspec.json.encode, good), b"", b"{", b"\xff", b"[" * 100_000, b'{"listener":1}']
    assert checking.changes_in(told) == good


def test_a_minute_put_in_its_place_with_a_line_of_its_own_is_named() -> None:
    told = kept(links())
    other, _ = chain.linked(Head(makers.CHAIN, 2, bytes(32)), makers.minute(2))
    told[2] = Kept(102, sha256(other).digest(), other)
    problems = chain.checked(told).problems
    assert "the minute of line 102 does not follow the one before it" in problems
    assert "the minute of line 103 does not follow the one before it" in problems
    both = chain.checked([*kept(links()), msgspec.structs.replace(told[2], line=200)]).problems
    assert any("two minutes with the number 2" in one for one in both)


def test_a_chain_that_was_begun_anew_is_another_chain() -> None:
    more = [msgspec.structs.replace(one, line=one.line + 50) for one in kept(links(3, bytes(16)))]
    found = chain.checked([*kept(links(2)), *more])
    assert found.problems == ()
    assert len(found.links) == 5
    assert chain.checked(more[1:]).problems


def test_a_minute_of_another_log_is_counted_and_still_chained() -> None:
    told = kept(links())
    told[1] = msgspec.structs.replace(told[1], line=-1, logged=b"")
    (problem,) = checking.checked_minutes(told, 5).problems
    assert problem.startswith("1 minutes have no line in this log")


def test_what_is_no_text_is_written_with_escapes() -> None:
    link, _ = chain.linked(Head.begin(makers.CHAIN), makers.minute(paths=["/\udcff"], samples=["x \ud800"]))
    found = chain.opened(link).minute
    assert found.paths[0][0] == "/\\udcff"
    assert found.samples == ("x \\ud800",)


def test_a_minute_is_bounded() -> None:
    with pytest.raises(Invalid, match="mebibyte"):
        chain.linked(Head.begin(makers.CHAIN), makers.minute(samples=["x" * (1 << 20)]))
    with pytest.raises(Invalid):
        Head.begin(b"short")


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for hostile in (noise, b"SFFM\x01" + noise, b"SFFM\x01" + bytes(52) + noise, links(1)[0][: len(noise)]):
        with pytest.raises(Invalid):
            chain.opened(hostile)
        assert chain.checked([Kept(1, sha256(hostile).digest(), hostile)]).problems


def test_deep_json_is_refused_not_followed() -> None:
    hostile = links(1)[0][:57] + b'{"lanes":' + b"[" * 100_000
    with pytest.raises(Invalid):
        chain.opened(hostile)


def test_parts_are_held_against_their_lines() -> None:
    part = makers.parts({"198.51.100.1": (1, 0)})[0]
    good = Kept(7, sha256(part).digest(), part)
    assert checking.wrong_parts([good]) == ()
    assert checking.wrong_parts([msgspec.structs.replace(good, body=part[:-1])])
    assert checking.wrong_parts([msgspec.structs.replace(good, line=-1, logged=b"")])


NONSENSE = [
    {"mode": 7}, {"mode": -1}, {"listener": "<b>"}, {"requests": -1}, {"requests": 1 << 60}, {"begins_ms": 10**18},
    {"seconds": 1e300}, {"seconds": -1.0}, {"cpu": -0.5}, {"clock_offset_ms": -(10**18)}, {"paths": (("/", -4),)},
    {"lanes": {"stranger": {"outcomes": {"served": -1}, "bytes_out": 0}}}, {"uplink": {"rx_bytes": 1e300}},
]  # fmt: skip


@pytest.mark.parametrize("change", NONSENSE)
def test_a_shield_that_lies_without_sense_is_named_and_the_rest_is_shown(change: dict[str, object]) -> None:
    told = kept(links(2))
    said = msgspec.to_builtins(makers.minute(2)) | change
    link = chain.opened(told[1].body)
    head = sha256(told[1].body).digest()
    hostile = told[1].body[:21] + (link.number + 1).to_bytes(4) + head + msgspec.json.encode(said)
    found = chain.checked([*told, Kept(102, sha256(hostile).digest(), hostile)])
    assert found.problems == ("what line 102 names is no minute",)
    assert len(found.links) == 2
    about = About(clinic="K", event="ab" * 16, made_ms=10**18, problems=found.problems)
    evidence = Evidence(about, [*told, Kept(102, sha256(hostile).digest(), hostile)],
                        [Change("<b>", 10**18, 9, -3, "sources", {"sources": float("inf")})])  # fmt: skip
    for form in ("minutes", "minutes-csv", "call-text"):
        assert made(form, evidence, Rule(), "en")


def test_the_paper_of_a_shield_that_lies_is_made() -> None:
    about = About(clinic="K", event="ab" * 16, made_ms=10**18, ended_ms=10**18)
    change = Change("<b>", 10**18, 9, -3, "sources", {"sources": float("nan"), "sources_bound": float("-inf")})
    assert made("summary", Evidence(about, kept(links(2)), [change] * 200), Rule(), "lt").startswith(b"%PDF")
