"""The frame around a patient's pages: the house's own, and the clinic's name nowhere in it."""

import pytest

from seifas.fhir.exchange import Exchange
from seifas.settings import Clinic, Settings
from seifas.web.pages import Pages

CLINIC = "Grožio klinika Aušra"
PORTAL = {"who": None, "form": "", "said": "", "good": "", "here": ""}


async def _nothing(*_: object) -> dict[str, object]:
    return {}


def _rendered(cookie: bytes = b"") -> str:
    headers = [(b"cookie", cookie)] if cookie else []
    scope = {"type": "http", "method": "GET", "path": "/my", "headers": headers}
    pages = Pages(Settings(clinic=Clinic(name=CLINIC, id="00" * 16)))
    return pages.render(Exchange(scope, _nothing, _nothing), "portal/away.html", **PORTAL)


def test_the_clinic_is_not_named() -> None:
    page = _rendered()
    assert CLINIC not in page
    assert "<title>Mano puslapis</title>" in page
    assert page.count("<head>") == page.count('<main id="content">') == 1
    assert '<meta name="referrer" content="no-referrer">' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "htmx" not in page, "and nothing of the desk's"
    assert "<footer" not in page
    assert page.index("seifas.css") < page.index("portal.css")


@pytest.mark.parametrize(("cookie", "html", "scheme"), [
    (b"", '<html lang="lt">', "light dark"),
    (b"language=en; theme=dark", '<html lang="en" data-theme="dark">', "dark"),
    (b"theme=light", '<html lang="lt" data-theme="light">', "light"),
])
def test_language_and_theme_are_the_visitors(cookie: bytes, html: str, scheme: str) -> None:
    page = _rendered(cookie)
    assert html in page
    assert f'<meta name="color-scheme" content="{scheme}">' in page
