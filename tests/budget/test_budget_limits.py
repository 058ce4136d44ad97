"""Every bound is documented, checked on reading, and refuses nonsense."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from seifas.errors import Invalid
from seifas.keeper.budget.limits import Limits
from seifas.keeper.budget.officer import ACCOUNT_BOUNDS, CLINIC_BOUNDS

PAGE = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text()


def properties() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = msgspec.json.schema(Limits)["$defs"]["Limits"]["properties"]
    return found


def test_every_bound_says_what_it_is() -> None:
    for name, schema in properties().items():
        assert len(str(schema["description"])) > 15, name
        assert str(schema["description"]).endswith("."), name


def test_the_page_for_people_names_every_bound_with_its_number() -> None:
    missing = [name for name, schema in properties().items() if f"| `{name}` | {schema['default']} |" not in PAGE]
    assert missing == []


def test_what_can_be_raised_exists() -> None:
    assert {*ACCOUNT_BOUNDS, *CLINIC_BOUNDS} <= set(properties())


def read(text: str) -> Limits:
    return msgspec.convert(tomllib.loads(text), Limits, strict=True)


def test_settings_change_single_bounds() -> None:
    assert read("cold_account_day = 40\noff_hours = 14") == Limits(cold_account_day=40, off_hours=14)


@pytest.mark.parametrize(
    "text",
    [
        "cold_acount_day = 40", "cold_account_day = 0", "cold_account_day = -1", 'cold_account_day = "60"',
        "cold_account_day = 60.0", "cold_account_day = 100001", "cold_share_percent = 101", "off_hours = 1000",
        "warm_times_median = 0",
    ],
)  # fmt: skip
def test_a_wrong_key_or_number_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "cold_session_hour = 21", "cold_account_day = 19", "cold_account_month = 59", "cold_clinic_day = 59",
        "warm_charts = 121", "search_session = 19", "glass_kept = 80", "worklist_patients = 41", "glass_account = 9",
    ],
)  # fmt: skip
def test_bounds_that_contradict_each_other_are_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.where.startswith("budget.")
