"""The listeners as `seifas serve` starts them: processes of their own and, as root, users of their own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from seifas.drill.stage import Stage

pytestmark = pytest.mark.slow


@contextmanager
def signed_in(stage: Stage, account: str) -> Iterator[httpx.Client]:
    with stage.admin() as admin:
        url = f"/auth/link/{admin.call('admin.login_link', name=account)['token']}"
    with httpx.Client(base_url=f"http://127.0.0.1:{stage.staff}", follow_redirects=True, timeout=60) as browser:
        answer = browser.get(url)
        assert answer.status_code == 200
        assert answer.url.path == "/desk"
        yield browser


@pytest.fixture(scope="module")
def accounts(shared_stage: Stage) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = shared_stage.seifas("account", "list")["accounts"]
    assert len(listed) >= 4
    return listed


def test_every_demo_account_has_a_desk(shared_stage: Stage, accounts: list[dict[str, Any]]) -> None:
    for account in accounts:
        with signed_in(shared_stage, str(account["name"])) as browser:
            assert 'action="/auth/sign-out"' in browser.get("/desk").text


def test_a_doctors_day_leads_to_a_chart(shared_stage: Stage, accounts: list[dict[str, Any]]) -> None:
    name = next(str(one["name"]) for one in accounts if "doctor" in one["hats"])
    with signed_in(shared_stage, name) as browser:
        day = browser.get("/desk").text
        form = re.search(r'name="form" value="([0-9a-f]{64})"', day)
        booked = re.search(r'href="(/desk/patient/[0-9a-f]{32})"', day)
        assert form is not None
        found = browser.post(
            "/desk/search", data={"form": form[1], "query": "Kaz"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert found.status_code == 200
        where = booked or re.search(r'href="(/desk/patient/[0-9a-f]{32})"', found.text)
        assert where is not None
        chart = browser.post(
            f"{where[1]}/chart", data={"form": form[1], "reason": "visit"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert chart.status_code == 200
        assert '<div class="chart">' in chart.text


def test_the_public_listener_is_there(shared_stage: Stage) -> None:
    for path in ("/", "/my", "/health"):
        assert httpx.get(f"http://127.0.0.1:{shared_stage.port}{path}", timeout=60).status_code == 200
