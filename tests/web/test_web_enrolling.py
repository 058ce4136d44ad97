"""Invitations and setting up how one signs in, without a browser's scripts: nothing is spent by looking."""

import re
import time
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pyotp
import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.errors import Missing, Refused, StepUp

SignedIn = Callable[[str], Browser]
HERE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
PASSWORD = "septyni pilki vandenynai"


def invited(vault: RunningVault, name: str) -> str:
    token: str = vault.admin("admin.invite", name=name)["token"]
    return f"{vault.staff}/auth/invite/{token}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.fixture
def guest(vault: RunningVault) -> Iterator[Browser]:
    with Browser(base_url=vault.staff, follow_redirects=True, timeout=60, headers={"Accept-Language": "en"}) as made:
        yield made


def accept(guest: Browser, url: str) -> httpx.Response:
    return guest.post(url, data={"form": hidden(guest.get(url).text, "form")}, headers=HERE)


def offered(guest: Browser) -> dict[str, str]:
    page = guest.submit("/desk/account/password", do="begin").text
    return {name: hidden(page, name) for name in ("secret", "uri", "svg")}


def finish(guest: Browser, offer: dict[str, str], **fields: str) -> httpx.Response:
    code = pyotp.TOTP(offer["secret"]).now()
    sent = {"do": "finish", **offer, "password": PASSWORD, "again": PASSWORD, "code": code, **fields}
    return guest.submit("/desk/account/password", **sent)


@pytest.mark.parametrize("language", ["lt", "en"])
def test_looking_at_an_invitation_spends_nothing(vault: RunningVault, guest: Browser, language: str) -> None:
    vault.account(f"kvieciamas-{language}", "nurse")
    url = invited(vault, f"kvieciamas-{language}")
    for _ in range(3):
        page = guest.get(url, headers={"Accept-Language": language})
        assert page.status_code == 200
        assert "Klinika „Bandymas“" in page.text
        assert f'<html lang="{language}">' in page.text
        assert "set-cookie" not in page.headers
    assert guest.head(url).status_code == 200
    form = hidden(page.text, "form")
    for fields, headers in (
        ({"x": "y"}, HERE), ({"form": "0" * 64}, HERE), ({"form": form}, {"Origin": "https://evil.example"}),
        ({"form": form}, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}),
    ):  # fmt: skip
        assert guest.post(url, data=fields, headers=headers).status_code == 403
    taken = guest.post(url, data={"form": form}, headers=HERE, follow_redirects=False)
    assert (taken.status_code, taken.headers["location"]) == (303, "/desk/account")
    assert "HttpOnly; SameSite=Strict" in taken.headers["set-cookie"]
    again = guest.post(url, data={"form": form}, headers={**HERE, "Accept-Language": language})
    assert again.status_code == 401
    assert ("no longer works" if language == "en" else "nebegalioja") in again.text


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 5000, "%00", "a/b", "<script>"])
def test_invitations_that_are_none(guest: Browser, token: str) -> None:
    url = f"/auth/invite/{token}"
    page = guest.get(url)
    assert page.status_code in (200, 404)  # a token of the right form cannot be told from a true one by looking
    answer = guest.post(url, data={"form": "0" * 64}, headers=HERE)
    assert answer.status_code in (403, 404)
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text.replace("<script src", "")


def test_a_login_link_is_no_invitation(vault: RunningVault, guest: Browser) -> None:
    token = vault.link("gydytoja")
    assert accept(guest, f"{vault.staff}/auth/invite/{token}").status_code == 401
    assert guest.get(f"/auth/link/{token}").url.path == "/desk"


def test_a_password_is_set_by_invitation_and_signs_in(vault: RunningVault, guest: Browser, ona: str) -> None:
    vault.account("nauja", "doctor", "officer")
    page = accept(guest, invited(vault, "nauja"))
    assert page.url.path == "/desk/account"
    assert "First set up" in page.text
    assert 'action="/desk/hat"' not in page.text
    for path in ("/desk", f"/desk/patient/{ona}", f"/desk/patient/{ona}/chart", f"/desk/patient/{ona}/glass"):
        assert guest.get(path).url.path == "/desk/account", path
    for path in ("/desk/search", "/desk/caller", "/desk/hat", "/desk/alarms", "/desk/sessions"):
        assert guest.submit(path, query="Žuk", surname="Žukauskienė", hat="officer").url.path == "/desk/account", path
    offer = offered(guest)
    spent = pyotp.TOTP(offer["secret"]).now()
    shown = finish(guest, offer, code=spent)
    assert shown.status_code == 200, shown.text
    codes = re.findall(r"<li><code>([^<]+)</code></li>", shown.text)
    assert len(set(codes)) == 10
    done = guest.get("/desk/account").text
    assert "Sign in as you will every day" in done
    assert codes[0] not in done
    assert guest.get("/desk").url.path == "/desk/account"
    assert "signed out" in guest.submit("/auth/sign-out").text
    sent = {"name": "nauja", "password": PASSWORD, "code": spent}
    # The first code was spent in setting up; a recovery code takes the place of the next.
    assert guest.post("/auth/sign-in", data=sent, headers=HERE).status_code == 401
    time.sleep(1.1)  # the brake of a wrong attempt
    signed = guest.post("/auth/sign-in", data=sent | {"code": codes[3]}, headers=HERE)
    assert signed.url.path == "/desk", signed.text
    assert 'action="/desk/search"' in signed.text
    assert "Recovery codes left: 9" in guest.get("/desk/account").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "trumpas", "again": "trumpas"}, "12 characters"),
        ({"password": "x" * 300, "again": "x" * 300}, "at most 256"),
        ({"again": "septyni pilki ezerai"}, "not the same"),
        ({"password": "slaptazodis123", "again": "slaptazodis123"}, "easy to guess"),
        ({"password": "leavemealone", "again": "leavemealone"}, "lists of leaked passwords"),
        ({"code": "000000"}, "does not match"),
        ({"code": ""}, "does not match"),
        ({"code": "٠١٢٣٤٥"}, "does not match"),
        ({"uri": "javascript:alert(1)"}, "What was entered does not fit"),
        ({"svg": "x" * 40_000}, "What was entered does not fit"),
    ],
)
def test_what_does_not_fit_is_said_and_the_secret_stays(
    vault: RunningVault, browser: SignedIn, fields: dict[str, str], said: str
) -> None:
    one = browser("auditore")
    offer = offered(one)
    answer = finish(one, offer, **fields)
    assert answer.status_code in (400, 413)
    assert said in answer.text
    if "uri" not in fields and "svg" not in fields:
        assert hidden(answer.text, "secret") == offer["secret"]
        assert "img-src 'self' data:" in answer.headers["content-security-policy"]
        assert 'aria-invalid="true"' in answer.text
        assert (fields.get("password") or PASSWORD) not in answer.text


def test_hostile_pictures_come_back_only_as_pictures(browser: SignedIn) -> None:
    one = browser("auditore")
    hostile = {"svg": "<svg onload=alert(1)><script>alert(1)</script>", "secret": '"><script>x</script>'}
    answer = finish(one, offered(one), code="000000", **hostile)
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    assert "data:image/svg+xml;base64," in answer.text


def test_a_new_offer_makes_the_old_one_worthless(browser: SignedIn) -> None:
    one = browser("auditore")
    old, _ = offered(one), offered(one)
    assert "does not match" in finish(one, old).text


def test_other_pages_carry_no_pictures(browser: SignedIn) -> None:
    one = browser("auditore")
    assert "data:" not in one.get("/desk/account").headers["content-security-policy"]
    assert one.get("/desk/account/password").url.path == "/desk/account"


def test_passkeys_are_listed_and_taken_away_with_a_gesture(vault: RunningVault, browser: SignedIn) -> None:
    vault.account("raktuota", "nurse")
    one, elsewhere = browser("raktuota"), browser("raktuota")
    token, key, origin = one.cookies["seifas"], SoftAuthenticator(), vault.settings.origins[0]

    def add(label: str, with_key: SoftAuthenticator) -> None:
        begun = vault.desk("passkey.add_begin", session=token)
        made = with_key.create(begun["options"], origin)
        vault.desk("passkey.add_finish", session=token, handle=begun["handle"], credential=made, label=label)

    def touch(page: str) -> None:
        digest = re.search(r'"digest": "([0-9a-f]{64})"', page)
        assert digest is not None
        begun = vault.desk("stepup.begin", session=token, digest=bytes.fromhex(digest[1]))
        vault.desk(
            "stepup.finish", session=token, handle=begun["handle"], credential=key.get(begun["options"], origin)
        )

    add("Darbo telefonas <b>", key)
    page = one.get("/desk/account").text
    assert "Darbo telefonas &lt;b&gt;" in page
    ident = hidden(page, "id")
    only = one.submit("/desk/account/passkeys", do="remove", id=ident)
    assert only.status_code == 403
    assert "the only way to sign in" in only.text
    asked = one.submit("/desk/account/passkeys", do="add")
    assert asked.status_code == 403
    touch(asked.text)
    assert one.submit("/desk/account/passkeys", do="add").url.path == "/desk/account"
    add("Kitas", SoftAuthenticator())
    asked = one.submit("/desk/account/passkeys", do="remove", id=ident)
    assert asked.status_code == 403
    assert len(vault.desk("passkey.list", session=token)["passkeys"]) == 2
    touch(asked.text)
    other = next(p["id"] for p in vault.desk("passkey.list", session=token)["passkeys"] if p["id"].hex() != ident)
    with pytest.raises(StepUp):  # the gesture is for the one passkey, not for the other
        vault.desk("passkey.remove", session=token, id=other)
    gone = one.submit("/desk/account/passkeys", do="remove", id=ident)
    assert gone.status_code == 200
    assert "The passkey is gone" in gone.text
    assert "Darbo telefonas" not in gone.text
    assert elsewhere.get("/desk").url.path == "/auth/sign-in"
    assert one.submit("/desk/account/passkeys", do="remove", id=ident).status_code == 404
    assert one.submit("/desk/account/passkeys", do="remove", id="zz").status_code == 400
    assert one.submit("/desk/account/passkeys", do="x").status_code == 400


def test_a_password_is_not_replaced_by_a_session_alone(vault: RunningVault, browser: SignedIn) -> None:
    vault.account("turinti", "nurse")
    one = browser("turinti")
    assert finish(one, offered(one)).status_code == 200
    page = one.submit("/desk/account/password", do="begin")
    assert page.status_code == 403
    assert "a new invitation from the administrator" in page.text
    assert 'class="secret"' not in page.text
    Touching(vault, one)  # a first passkey may be added right after signing in
    page = one.submit("/desk/account/password", do="begin")
    assert page.status_code == 403
    assert "Confirm with your passkey" in page.text
    assert 'class="secret"' not in page.text


def test_first_means_are_set_up_soon_after_signing_in(
    vault: RunningVault, browser: SignedIn
) -> None:
    one = browser("auditore")
    offer = offered(one)
    session = vault.desk("session.who", session=one.cookies["seifas"])["session_id"]
    old = vault.keeper.sessions.get(session)
    vault.keeper.sessions.put(msgspec.structs.replace(old, created_ms=old.created_ms - 3_600_000))
    assert "within ten minutes" in one.get("/desk/account").text
    for page in (one.submit("/desk/account/password", do="begin"), finish(one, offer)):
        assert page.status_code == 403
        assert "within ten minutes" in page.text


def test_an_invitation_takes_no_passkey_away(vault: RunningVault, guest: Browser) -> None:
    with pytest.raises(Missing):
        vault.desk("passkey.remove", session=vault.sign_in("raktuota"), id=bytes(16))
    accept(guest, invited(vault, "raktuota"))
    token = guest.cookies["seifas"]
    listed = vault.desk("passkey.list", session=token)
    assert listed["enrolling"]
    with pytest.raises(Refused):
        vault.desk("passkey.remove", session=token, id=listed["passkeys"][0]["id"])
    with pytest.raises(Refused):
        vault.desk("stepup.begin", session=token, digest=bytes(32))
    page = guest.get("/desk/account").text
    assert 'value="remove"' not in page
    assert 'value="add"' not in page
