from __future__ import annotations

import re

import msgspec
import pytest

from seifas.errors import Invalid, OverBudget, SignIn
from seifas.keeper.identity.links import LIFETIME_MS, Link, LinkTable, Made, Purpose

RUTA, ADMIN = b"r" * 16, bytes(16)


@pytest.fixture
def links() -> LinkTable:
    return LinkTable(most=50)


def make(links: LinkTable, now: int, *, purpose: Purpose = Purpose.LOGIN, account: bytes = RUTA) -> Made:
    return links.make(purpose=purpose, account=account, made_by=ADMIN, now_ms=now)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_is_good_once(links: LinkTable, now: int, purpose: Purpose) -> None:
    made = make(links, now, purpose=purpose)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made.token)
    assert made.token.encode() not in msgspec.msgpack.encode(made.link)
    assert links.redeem(made.token, purpose, now + LIFETIME_MS[purpose] - 1) == made.link
    with pytest.raises(SignIn):
        links.redeem(made.token, purpose, now)
    assert len(links) == 0


def test_lifetimes() -> None:
    assert LIFETIME_MS == {Purpose.LOGIN: 900_000, Purpose.INVITE: 259_200_000, Purpose.ENROL: 900_000}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_and_dies_by_the_clock(links: LinkTable, now: int, purpose: Purpose) -> None:
    made = make(links, now, purpose=purpose)
    with pytest.raises(SignIn):
        links.redeem(made.token, purpose, now + LIFETIME_MS[purpose])


def test_a_link_for_one_thing_does_not_open_another(links: LinkTable, now: int) -> None:
    invite = make(links, now, purpose=Purpose.INVITE)
    for other in (Purpose.LOGIN, Purpose.ENROL):
        with pytest.raises(SignIn):
            links.redeem(invite.token, other, now)
    assert links.redeem(invite.token, Purpose.INVITE, now).account == RUTA


@pytest.mark.parametrize("token", ["", "A" * 43, "A" * 10**6, "ą" * 43, "\ud800" * 43])
def test_other_text_is_no_link_and_says_the_same(links: LinkTable, now: int, token: str) -> None:
    made = make(links, now)
    links.redeem(made.token, Purpose.LOGIN, now)
    words = set()
    for tried in (token, made.token):
        with pytest.raises(SignIn) as caught:
            links.redeem(tried, Purpose.LOGIN, now)
        words.add((caught.value.message, caught.value.where))
    assert len(words) == 1


def test_a_newer_link_shuts_the_older(links: LinkTable, now: int) -> None:
    old, invite = make(links, now), make(links, now, purpose=Purpose.INVITE)
    new = make(links, now)
    assert new.replaced == (old.link,)
    with pytest.raises(SignIn):
        links.redeem(old.token, Purpose.LOGIN, now)
    assert links.redeem(invite.token, Purpose.INVITE, now)
    assert links.redeem(new.token, Purpose.LOGIN, now)


def test_the_number_is_bounded_and_replacing_still_works(links: LinkTable, now: int) -> None:
    for at in range(50):
        make(links, now, account=at.to_bytes(16, "big"))
    with pytest.raises(OverBudget):
        make(links, now)
    assert make(links, now, account=(7).to_bytes(16, "big")).replaced
    assert len(links.sweep(now + LIFETIME_MS[Purpose.LOGIN])) == 50
    assert make(links, now)


def test_no_account_no_link(links: LinkTable, now: int) -> None:
    with pytest.raises(Invalid):
        make(links, now, account=b"")


def test_links_of_a_disabled_account_go_and_rows_come_back(links: LinkTable, now: int) -> None:
    mine, other = make(links, now), make(links, now, account=b"j" * 16)
    rows = [msgspec.msgpack.encode(link) for link in links]
    assert links.drop_account(RUTA) == [mine.link]
    assert list(links) == [other.link]
    links.load(msgspec.msgpack.decode(row, type=Link) for row in rows)
    assert links.redeem(mine.token, Purpose.LOGIN, now) == mine.link
    links.remove(b"unknown")
