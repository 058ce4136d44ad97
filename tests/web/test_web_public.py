"""The public listener: its few pages work for everyone, and nothing of the staff's is there."""

import httpx
import pytest
from running_vault import RunningVault


def test_pages_in_both_languages(vault: RunningVault) -> None:
    own = "saugykloje"
    for language, words in (("lt", own), ("en-GB,en;q=0.8", "a vault"), ("de", own), ("", own)):
        page = httpx.get(f"{vault.public}/", headers={"Accept-Language": language}, timeout=60)
        assert page.status_code == 200
        assert words in page.text
        assert "Klinika „Bandymas“" in page.text
        assert page.headers["cache-control"].startswith("public, max-age=60")
        assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/my", "/my/record", "/auth", "/auth/sign-in", "/auth/token"])
def test_where_the_portal_is_away_a_page_says_so(vault: RunningVault, path: str) -> None:
    page = httpx.get(vault.public + path, headers={"Accept-Language": "en"}, timeout=60)
    assert page.status_code == 503
    assert "will be back soon" in page.text
    assert "Bandymas" not in page.text, "the page of patients names nobody"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/desk", "/fhir/metadata", "/fhir/Patient", "/metrics", "/mypage", "/authors", "/x"]
)
def test_nothing_of_the_staffs_is_here(vault: RunningVault, path: str) -> None:
    assert httpx.get(vault.public + path, timeout=60).status_code == 404
    assert httpx.post(vault.public + path, data={"a": "b"}, timeout=60).status_code == 405


def test_health(vault: RunningVault) -> None:
    assert httpx.get(f"{vault.public}/health", timeout=60).json()["live"] is True


def test_the_language_switch(vault: RunningVault) -> None:
    with httpx.Client(base_url=vault.public, follow_redirects=True) as one:
        page = one.post("/language", data={"language": "en", "back": "/my"}, headers={"Origin": vault.public})
        assert page.url.path == "/my"
        assert '<html lang="en">' in page.text
        assert (
            one.post("/language", data={"language": "lt"}, headers={"Origin": "https://x.example"}).status_code == 403
        )
