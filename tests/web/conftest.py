"""A running vault with the desk and the public pages, and browsers that are signed in to it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fhir"))

from desk_browser import Browser
from running_vault import RunningVault, running_vault

from seifas.web.desk.app import build_desk
from seifas.web.public.app import build_public

ACCOUNTS = {
    "gydytoja": ("doctor", "officer"),
    "registratore": ("reception",),
    "pareigune": ("officer",),
    "adminas": ("administrator",),
    "auditore": ("auditor",),
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    with running_vault(tmp_path_factory.mktemp("vault"), build_desk, build_public) as running:
        for name, hats in ACCOUNTS.items():
            running.account(name, *hats)
        yield running


@pytest.fixture(scope="module")
def browser(vault: RunningVault) -> Iterator[Callable[[str], Browser]]:
    """Gives a browser that is signed in under a name, or, for "", one that is not."""
    opened: list[Browser] = []

    def sign_in(name: str) -> Browser:
        made = Browser(base_url=vault.staff, follow_redirects=True, timeout=60, headers={"Accept-Language": "en"})
        opened.append(made)
        if name:
            assert made.get(f"/auth/link/{vault.link(name)}").status_code == 200
        return made

    yield sign_in
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def ona(vault: RunningVault) -> str:
    """A patient with a hostile name and one observation."""
    headers = {"Content-Type": "application/fhir+json"}
    with vault.fhir(vault.sign_in("gydytoja"), **headers) as fhir:
        made = fhir.post(
            "/Patient",
            json={
                "resourceType": "Patient",
                "name": [{"family": "Žukauskienė", "given": ["<script>alert(1)</script>"]}],
                "gender": "female",
                "birthDate": "1980-02-03",
                "telecom": [{"system": "phone", "value": "+370 612 34567"}],
                "identifier": [{"system": "urn:x\"'><b>", "value": "48002030000"}],
            },
        )
        assert made.status_code == 201
        ident: str = made.json()["id"]
        seen = fhir.post(
            "/Observation",
            content=(
                '{"resourceType":"Observation","status":"final","code":{"text":"Ūgis <i>"},'
                '"effectiveDateTime":"2026-03-01",'
                f'"subject":{{"reference":"Patient/{ident}"}},"valueQuantity":{{"value":171.50,"unit":"cm"}},'
                '"text":{"status":"generated","div":"<div>narrative-is-not-shown</div>"}}'
            ).encode(),
        )
        assert seen.status_code == 201
    return ident
