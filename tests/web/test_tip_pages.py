"""Tips from the first page of the site to an answer, a file that becomes evidence, and a slip from the counter."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator

import httpx
import pypdf
import pytest
from desk_browser import Browser
from running_vault import RunningVault

from seifas.keeper import tip_receipts
from seifas.web.words import say

HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
TEXT = "Mačiau forume „Tamsa“ parduodant <b>įrašus</b>\nantra eilutė"


@pytest.fixture
def site(vault: RunningVault) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=vault.public, timeout=60, headers=HERE) as one:
        yield one


@pytest.fixture
def officer(browser: Callable[[str], Browser]) -> Browser:
    return browser("pareigune")


def form_of(page: httpx.Response) -> str:
    found = re.search(r'name="form" value="([^"]{40,})"', page.text)
    assert found is not None, page.text
    return found[1]


def receipt_of(page: httpx.Response) -> str:
    found = re.search(r"<code>([0-9A-Z-]{29})</code>", page.text)
    assert found is not None, page.text
    return found[1]


def told(site: httpx.Client, text: str = TEXT, language: str = "en") -> tuple[str, httpx.Response]:
    page = site.get(f"/{language}/tip/new")
    receipt = receipt_of(page)
    sent = site.post(f"/{language}/tip/new", data={"form": form_of(page), "text": text, "receipt": receipt.lower()})
    assert sent.status_code == 200, sent.text
    return receipt, sent


def newest(officer: Browser) -> str:
    found = re.search(r"/desk/cases/tips/([0-9a-f]{32})", officer.get("/desk/cases/tips").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("language", ["lt", "en"])
def test_pages_need_no_script_and_set_no_cookie(site: httpx.Client, language: str) -> None:
    assert f'href="/{language}/tip"' in site.get(f"/{language}/").text
    for path in ("tip", "tip/new"):
        page = site.get(f"/{language}/{path}")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page.text)
    assert say(language, "site-tip-lead") in site.get(f"/{language}/tip").text.replace("&#39;", "'")
    for path in ("tip/more", "tip/file"):
        assert site.get(f"/{language}/{path}").headers["location"] == f"/{language}/tip"
    assert site.get(f"/{language}/tip/other").status_code == 404
    assert site.post(f"/{language}/tip/other").status_code == 405


def test_there_and_back(site: httpx.Client, officer: Browser) -> None:
    receipt, sent = told(site)
    assert say("en", "site-tip-taken") in sent.text
    assert receipt not in sent.text
    assert "forume" not in sent.text
    listed = officer.get("/desk/cases/tips")
    assert "forume" not in listed.text
    tip = newest(officer)
    page = officer.get(f"/desk/cases/tips/{tip}")
    assert "&lt;b&gt;įrašus&lt;/b&gt;" in page.text
    answered = officer.submit(f"/desk/cases/tips/{tip}/answer", text="Kada <i>tai</i> buvo?\nAčiū", status="question")
    assert answered.status_code == 200
    noted = officer.submit(f"/desk/cases/tips/{tip}/note", text="tik mums matoma")
    assert "tik mums matoma" in noted.text
    for language in ("lt", "en"):
        seen = site.post(f"/{language}/tip", data={"form": "read", "receipt": f"  {receipt.replace('-', ' ')} "})
        assert "Kada &lt;i&gt;tai&lt;/i&gt; buvo?<br>Ačiū" in seen.text
        assert say(language, "site-tip-question") in seen.text
        assert "tik mums" not in seen.text
        assert "forume" not in seen.text
        assert receipt not in seen.text
        assert len(seen.content) % (16 * 1024) == 0
    more = site.post("/en/tip/more", data={"form": form_of(seen), "text": "Vakar vakare"})
    assert more.status_code == 200
    again = site.post("/en/tip/more", data={"form": form_of(seen), "text": "Vakar vakare"})
    assert again.status_code == 200
    page = officer.get(f"/desk/cases/tips/{tip}")
    assert page.text.count("Vakar vakare") == 1, "sent twice is kept once"


def test_nothing_is_sent_before_the_receipt_is_typed_back(vault: RunningVault, site: httpx.Client) -> None:
    before = len(vault.keeper.tips.tips())
    page = site.get("/en/tip/new")
    receipt, other = receipt_of(page), tip_receipts.new()
    for typed, form in ((other, form_of(page)), ("", form_of(page)), (receipt[:-1], form_of(page))):
        back = site.post("/en/tip/new", data={"form": form, "text": TEXT, "receipt": typed})
        assert back.status_code == 400
        assert say("en", "site-tip-mistyped") in back.text
        assert "Mačiau forume" in back.text
        assert receipt_of(back) == receipt, "the receipt that was written down still counts"
    back = site.post("/en/tip/new", data={"form": "x" * 50, "text": TEXT, "receipt": receipt})
    assert back.status_code == 400
    assert receipt_of(back) != receipt
    assert "Mačiau forume" in back.text
    back = site.post("/en/tip/new", data={"form": form_of(page), "text": " \u202e ", "receipt": receipt})
    assert say("en", "site-tip-empty") in back.text
    back = site.post("/en/tip/new", data={"form": form_of(page), "text": "x" * 4001, "receipt": receipt})
    assert say("en", "site-tip-long") in back.text
    assert site.post("/en/tip", data={"form": "read", "receipt": "AAAA"}).status_code == 400
    assert site.post("/en/tip/more", data={"form": "old" * 20, "text": "Neprarastas"}).text.count("Neprarastas") == 1
    assert len(vault.keeper.tips.tips()) == before


def test_other_sites_cannot_send(vault: RunningVault, site: httpx.Client) -> None:
    page = site.get("/en/tip/new")
    data = {"form": form_of(page), "text": TEXT, "receipt": receipt_of(page)}
    for headers in ({"Origin": "https://x.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
        with httpx.Client(base_url=vault.public) as other:
            assert other.post("/en/tip/new", data=data, headers=headers).status_code == 403
            assert other.post("/en/tip", data=data, headers=headers).status_code == 403
            assert other.post("/en/tip/file", files={"file": b"x"}, headers=headers).status_code == 403


def test_a_file_becomes_evidence(vault: RunningVault, site: httpx.Client, officer: Browser) -> None:
    _, sent = told(site, "Štai failas")
    data = os.urandom(5_000_000)
    name = 'nuotrauka";\r\nx: <img src=x>.jpg'
    files = {"file": (name, data, "image/jpeg")}
    kept = site.post("/en/tip/file", data={"form": form_of(sent)}, files=files)
    assert kept.status_code == 200, kept.text
    assert hashlib.sha256(data).hexdigest() in kept.text
    tip = newest(officer)
    page = officer.get(f"/desk/cases/tips/{tip}")
    assert hashlib.sha256(data).hexdigest() in page.text
    assert "<img src=x" not in page.text
    assert "/adopt" not in page.text, "there is no case yet"
    opened = officer.submit("/desk/cases", title="Pavogti įrašai", kind="tip", link=tip)
    case = opened.url.path.rpartition("/")[2]
    page = officer.get(f"/desk/cases/tips/{tip}")
    part = re.search(r'name="part" value="([0-9a-f]{32})"', page.text)
    leak = re.search(r'<option value="([0-9a-f]{32})" selected', page.text)
    assert part is not None
    assert leak is not None
    adopted = officer.submit(f"/desk/cases/tips/{tip}/adopt", part=part[1], leak=leak[1])
    assert say("en", "tip-adopted") in adopted.text
    file, = vault.keeper.leaks.files_of(bytes.fromhex(leak[1]))
    assert file.sha256 == hashlib.sha256(data).digest()
    twice = officer.submit(f"/desk/cases/tips/{tip}/adopt", part=part[1], leak=leak[1])
    assert (twice.status_code, say("en", "tip-said-adopted") in twice.text) == (412, True)
    assert officer.submit(f"/desk/cases/tips/{tip}/adopt", part=part[1], leak="").status_code == 400
    assert tip in officer.get(f"/desk/cases/{case}/tips").text
    refused = officer.submit(f"/desk/cases/tips/{tip}/remove")
    assert say("en", "tip-said-in-case") in refused.text
    empty = site.post("/en/tip/file", data={"form": form_of(sent)}, files={"file": ("x", b"")})
    assert (empty.status_code, say("en", "site-tip-no-file") in empty.text) == (400, True)


def test_a_call_is_taken_down_and_a_slip_printed(
    vault: RunningVault, site: httpx.Client, browser: Callable[[str], Browser], officer: Browser
) -> None:
    desk = browser("registratore")
    assert "/desk/tips/new" in desk.get("/desk/requests-in").text
    wrong = desk.submit("/desk/tips/new", via="phone", text="Skambino", receipt="AAAA")
    assert (wrong.status_code, say("en", "tip-said-receipt") in wrong.text) == (400, True)
    assert "Skambino" in wrong.text
    made = desk.submit("/desk/tips/new", via="phone", text="Skambino ir papasakojo")
    receipt = receipt_of(made)
    for language in ("lt", "en"):
        slip = desk.submit("/desk/tips/slip", receipt=receipt, language=language)
        assert slip.headers["content-type"] == "application/pdf"
        text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(slip.content)).pages)
        assert receipt in text
        assert f"/{language}/tip" in text
    assert desk.submit("/desk/tips/slip", receipt="x").status_code == 400
    assert desk.get("/desk/cases/tips").status_code == 403
    tip = newest(officer)
    assert "Skambino ir papasakojo" in officer.get(f"/desk/cases/tips/{tip}").text
    officer.submit(f"/desk/cases/tips/{tip}/answer", status="closed", text="")
    seen = site.post("/lt/tip", data={"form": "read", "receipt": receipt})
    assert say("lt", "site-tip-closed") in seen.text
    removed = officer.submit(f"/desk/cases/tips/{tip}/remove")
    assert say("en", "tip-removed") in removed.text
    seen = site.post("/lt/tip", data={"form": "read", "receipt": receipt})
    assert say("lt", "site-tip-none") in seen.text
    assert browser("adminas").get("/desk/tips/new").status_code == 403


def test_refusals_are_sentences(officer: Browser, site: httpx.Client) -> None:
    told(site, "Trumpai")
    tip = newest(officer)
    for act, fields in (("answer", {"text": "", "status": "received"}), ("note", {"text": " "})):
        page = officer.submit(f"/desk/cases/tips/{tip}/{act}", **fields)
        assert (page.status_code, say("en", "tip-said-text") in page.text) == (400, True)
    page = officer.submit(f"/desk/cases/tips/{tip}/answer", text="Ilgas atsakymas", status="nonsense")
    assert (page.status_code, say("en", "tip-said-status") in page.text, "Ilgas atsakymas" in page.text) == (
        400, True, True)
    assert officer.get(f"/desk/cases/tips/{'0' * 32}").status_code == 404
    assert officer.get("/desk/cases/tips/xyz").status_code == 400
