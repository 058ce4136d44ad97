"""The public listener: its few pages work for everyone, and nothing of the staff's is there."""

import httpx
import pytest
from running_vault import RunningVault


@pytest.mark.parametrize(
    ("path", "lt", "en"), [("/", "saugykloje", "a vault"), ("/my", "Pacientų prisijungimas", "Signing in for patients")]
)
def test_pages_in_both_languages(vault: RunningVault, path: str, lt: str, en: str) -> None:
    for language, words in (("lt", lt), ("en-GB,en;q=0.8", en), ("de", lt), ("", lt)):
        page = httpx.get(vault.public + path, headers={"Accept-Language": language})
        assert page.status_code == 200
        assert words in page.text
        assert "Klinika „Bandymas“" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_auth_leads_to_the_portal(vault: RunningVault) -> None:
    answer = httpx.get(f"{vault.public}/auth")
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")


@pytest.mark.parametrize(
    "path", ["/desk", "/fhir/metadata", "/fhir/Patient", "/metrics", "/auth/sign-in", "/auth/token", "/x"]
)
def test_nothing_of_the_staffs_is_here(vault: RunningVault, path: str) -> None:
    assert httpx.get(vault.public + path).status_code == 404
    assert httpx.post(vault.public + path, data={"a": "b"}).status_code == 405


def test_health(vault: RunningVault) -> None:
    assert httpx.get(f"{vault.public}/health").json()["live"] is True


def test_the_language_switch(vault: RunningVault) -> None:
    with httpx.Client(base_url=vault.public, follow_redirects=True) as one:
        page = one.post("/language", data={"language": "en", "back": "/my"}, headers={"Origin": vault.public})
        assert page.url.path == "/my"
        assert '<html lang="en">' in page.text
        assert (
            one.post("/language", data={"language": "lt"}, headers={"Origin": "https://x.example"}).status_code == 403
        )
