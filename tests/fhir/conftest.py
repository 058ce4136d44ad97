"""A running vault, a doctor who is signed in, and a patient: one set for each file of HTTP tests."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from running_vault import RunningVault, running_vault
from talking import create, patient

from seifas.fhir.app import FhirApp
from seifas.settings import Sizes


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    sizes = Sizes(resource_bytes=256 * 1024, bundle_bytes=2 * 1024 * 1024)
    with running_vault(tmp_path_factory.mktemp("vault"), FhirApp, lambda c, s: _nothing, sizes=sizes) as running:
        running.account("gydytoja", "doctor")
        yield running


@pytest.fixture(scope="module")
def doctor(vault: RunningVault) -> Iterator[httpx.Client]:
    with vault.fhir(vault.sign_in("gydytoja")) as client:
        yield client


@pytest.fixture(scope="module")
def ona(doctor: httpx.Client) -> str:
    found: str = create(doctor, patient(gender="female", telecom=[{"system": "phone", "value": "+370 612 34567"}]))[
        "id"
    ]
    return found
