"""One-time codes and recovery codes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.keeper.identity import recovery, totp
from seifas.keeper.identity.accounts import Account
from seifas.keeper.identity.hats import Hat

# RFC 6238 appendix B, SHA-1 rows, last six of eight digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_ROWS = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
            (2000000000, "279037"), (20000000000, "353130")]


@pytest.mark.parametrize(("seconds", "code"), RFC_ROWS)
def test_rfc_6238_vectors(seconds: int, code: str) -> None:
    assert totp.verify(RFC_SECRET, code, 0, seconds * 1000) == seconds // 30
    assert totp.verify(RFC_SECRET, f"{code[:3]} {code[3:]}", 0, seconds * 1000) == seconds // 30


def test_one_step_of_drift_and_no_more(now: int) -> None:
    offered = totp.enrol("ruta", "Seifas")
    at = pyotp.TOTP(offered.secret)
    step = now // 30_000
    accepted = [d for d in range(-4, 5) if totp.verify(offered.secret, at.generate_otp(step + d), 0, now) == step + d]
    assert accepted == [-1, 0, 1]


def test_a_code_and_all_earlier_ones_are_good_once(now: int) -> None:
    secret = totp.enrol("ruta", "Seifas").secret
    code = pyotp.TOTP(secret).generate_otp
    step = now // 30_000
    assert totp.verify(secret, code(step), step - 1, now) == step
    assert totp.verify(secret, code(step), step, now) is None
    assert totp.verify(secret, code(step - 1), step, now) is None
    assert totp.verify(secret, code(step + 1), step, now) == step + 1


@pytest.mark.parametrize("code", ["", "0", "28708", "2870820", "28708a", "٢٨٧٠٨٢", "２８７０８２", "-87082", "²87082",
                                  "287082" * 1000, "\ud800" * 6, "287082\0"])
def test_what_is_no_code(code: str) -> None:
    assert totp.verify(RFC_SECRET, code, 0, 59_000) is None


def test_without_a_secret_nothing_matches() -> None:
    assert totp.verify("", pyotp.TOTP(RFC_SECRET).at(59), 0, 59_000) is None


def test_enrolment_shows_what_an_app_reads(now: int) -> None:
    offered = totp.enrol("rūta", "Klinika Ąžuolas")
    query = parse_qs(urlsplit(offered.uri).query)
    assert query["secret"] == [offered.secret]
    assert len(offered.secret) == 32
    assert ET.fromstring(offered.svg).tag.endswith("svg")
    assert totp.enrol("rūta", "x").secret != offered.secret
    assert totp.confirm(offered, pyotp.TOTP(offered.secret).at(now // 1000), now) == now // 30_000
    with pytest.raises(Invalid):
        totp.confirm(offered, "000000" if pyotp.TOTP(offered.secret).at(now // 1000) != "000000" else "000001", now)


def owner(codes: tuple[bytes, ...], ident: bytes = b"a" * 16) -> Account:
    return Account(id=ident, name="a", display="a", hats=(Hat.NURSE,), created_ms=0, hats_since_ms=0,
                   recovery_hashes=codes)


def test_recovery_codes_are_ten_and_each_good_once() -> None:
    shown, kept = recovery.new_codes(b"a" * 16)
    assert len(set(shown)) == len(set(kept)) == 10
    account: Account | None = owner(kept)
    for left, code in zip(range(9, -1, -1), shown, strict=True):
        assert account is not None
        spent = recovery.spend(account, code)
        assert spent is not None
        assert len(spent.recovery_hashes) == left
        assert recovery.spend(spent, code) is None
        account = spent


def test_recovery_codes_survive_handwriting_and_belong_to_one_account() -> None:
    shown, kept = recovery.new_codes(b"a" * 16)
    sloppy = shown[0].replace("-", "  ").lower().replace("0", "o").replace("1", "l")
    assert recovery.spend(owner(kept), sloppy) is not None
    assert recovery.spend(owner(kept, b"b" * 16), shown[0]) is None
    assert not any(code.encode() in hashed or code in repr(kept) for code in shown for hashed in kept)


@given(st.text(max_size=80))
@settings(max_examples=of_whole(100))
def test_no_text_is_a_recovery_code_by_accident(text: str) -> None:
    _, kept = recovery.new_codes(b"a" * 16)
    assert recovery.spend(owner(kept), text) is None
    assert recovery.spend(owner(()), text) is None
