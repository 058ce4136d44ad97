"""Who sits at a desk: the kind of device, names by own choice, the session that was there before, resuming, themes."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable

import pyotp
import pytest
from desk_browser import Browser
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]
HERE = {"Sec-Fetch-Site": "same-origin"}
WORD = "tyli audra prie ezero 7"


class Codes:
    """The code program of one account; a code is good once, so each next one is of a later half minute."""

    def __init__(self, secret: str) -> None:
        self._codes = pyotp.TOTP(secret)
        self._at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=30)

    def next(self) -> str:
        code = self._codes.at(self._at)
        self._at += datetime.timedelta(seconds=30)
        return code


@pytest.fixture(scope="module")
def codes(vault: RunningVault) -> dict[str, list[str]]:
    """Recovery codes of two people who sign in with passwords."""
    found = {}
    for name in ("sedinti", "kitasedinti"):
        vault.account(name, "reception")
        session = vault.sign_in(name)
        secret = vault.desk("password.begin", session=session)["secret"]
        told = vault.desk("password.finish", session=session, password=WORD, code=Codes(secret).next())
        found[name] = list(told["recovery"])
    return found


def sit(browser: Browser, name: str, code: str, **more: str) -> None:
    answer = browser.post(
        "/auth/sign-in", data={"name": name, "password": WORD, "code": code, **more}, headers=HERE,
        follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text


def test_names_stay_only_where_somebody_wants_it(browser: SignedIn, codes: dict[str, list[str]]) -> None:
    one = browser("")
    sit(one, "sedinti", codes["sedinti"].pop())
    assert "people" not in one.cookies
    sit(one, "sedinti", codes["sedinti"].pop(), keep="yes", device="tablet")
    assert one.cookies["device"] == "tablet"
    assert "Sedinti" in (page := one.get("/auth/sign-in").text)
    assert 'id="device-tablet" name="device" value="tablet" data-also form="with-password" checked' in page
    named = one.post("/auth/sign-in", data={"as": "sedinti"}, headers=HERE)
    assert 'value="sedinti"' in named.text
    kept = json.loads(base64.urlsafe_b64decode(one.cookies["people"].strip('"')))
    assert kept == [["sedinti", "Sedinti"]]


@pytest.mark.parametrize("cookie", ["x", "!!", base64.urlsafe_b64encode(b"[1]").decode(), "A" * 3000,
                                    base64.urlsafe_b64encode(b'[["<script>","<b>x</b>"]]').decode()])
def test_any_cookie_is_only_words(browser: SignedIn, cookie: str) -> None:
    page = browser("").get("/auth/sign-in", headers={"Cookie": f"people={cookie}; device={cookie}; theme={cookie}"})
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "<b>x</b>" not in page.text


def test_the_session_before_ends_when_another_sits_down(
    vault: RunningVault, browser: SignedIn, codes: dict[str, list[str]]
) -> None:
    one = browser("")
    sit(one, "sedinti", codes["sedinti"].pop())
    before = one.cookies["seifas"]
    sit(one, "kitasedinti", codes["kitasedinti"].pop())
    assert one.cookies["seifas"] != before
    with pytest.raises(Exception, match="Sign in"):
        vault.desk("session.who", session=before)


def test_a_locked_desk_goes_on_with_password_and_code(
    vault: RunningVault, browser: SignedIn, codes: dict[str, list[str]]
) -> None:
    one = browser("")
    sit(one, "kitasedinti", codes["kitasedinti"].pop())
    form = one.form_token()
    assert one.post("/desk/here", data={"form": form}, headers=HERE).json() == {"idle_ms": 600_000}
    told = one.post("/desk/lock", data={"form": form}, headers={**HERE, "Accept": "application/json"})
    assert (told.status_code, told.json()) == (200, {})
    page = one.get("/desk/recalls")
    assert page.status_code == 403
    assert 'action="/auth/resume/password"' in page.text
    scripted = {**HERE, "Accept": "application/json"}
    assert one.post("/desk/here", data={"form": form}, headers=scripted).status_code == 403
    wrong = one.post("/auth/resume/password", data={"form": form, "password": "x", "code": "1"}, headers=HERE)
    assert wrong.status_code == 403
    assert one.get("/desk/recalls").status_code == 403
    right = one.post(
        "/auth/resume/password", headers={**HERE, "Accept": "application/json"},
        data={"form": form, "password": WORD, "code": codes["kitasedinti"].pop(), "back": "/desk/recalls"},
    )  # fmt: skip
    assert right.json() == {"next": "/desk/recalls"}
    assert one.get("/desk/recalls").status_code == 200


def test_light_and_dark(browser: SignedIn) -> None:
    one = browser("gydytoja")
    assert "data-theme" not in one.get("/desk").text.partition("<body")[0]
    for theme, shown in (("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')):
        one.post("/language", data={"theme": theme, "back": "/desk"}, headers=HERE)
        assert shown in one.get("/desk").text
    one.post("/language", data={"theme": "<b>", "back": "/desk"}, headers=HERE)
    assert "data-theme" not in one.get("/desk").text.partition("<body")[0]
    forged = one.post("/language", data={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403


def test_bounds_are_told_in_the_readers_language(browser: SignedIn, vault: RunningVault) -> None:
    vault.account("plati", "reception")
    one = browser("plati")
    headers = {"Content-Type": "application/fhir+json"}
    with vault.fhir(vault.sign_in("gydytoja"), **headers) as fhir:
        made = [fhir.post("/Patient", json={"resourceType": "Patient", "name": [{"family": f"Sarase{number}"}]}).json()
                for number in range(3)]  # fmt: skip
    many = [one_made["id"] for one_made in made] + [f"{number:032x}" for number in range(41)]
    chosen = {f"p-{ident}": "1" for ident in many}
    told = one.submit("/desk/recalls", title="Per daug", **chosen)
    assert "up to 40" in told.text
    one.cookies["language"] = "lt"
    told = one.submit("/desk/recalls", title="Per daug", **chosen)
    assert "iki 40" in told.text
    assert "up to" not in told.text
