"""The catalogue and the templates: both languages whole, every word used, nothing inline that could run."""

import importlib.resources
import re

import pytest

from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.keeper.identity.hats import Hat
from seifas.web.desk.patients import REASONS
from seifas.web.words import WORDS, say

ROOT = importlib.resources.files("seifas.web")
TEMPLATES = {one.name: one.read_text("utf-8") for one in ROOT.joinpath("templates").iterdir()}
CODE = "\n".join(
    one.read_text("utf-8")
    for folder in (ROOT, ROOT.joinpath("desk"), ROOT.joinpath("public"))
    for one in folder.iterdir()
    if one.name.endswith(".py") and not one.name.startswith("words")
)


@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_are_there(key: str) -> None:
    lithuanian, english = WORDS[key]
    assert lithuanian.strip()
    assert english.strip()
    assert set(re.findall(r"{(\w+)}", lithuanian)) == set(re.findall(r"{(\w+)}", english))
    assert say("lt", key) != say("en", key) or key in ("lt", "en")


def test_every_word_is_known_and_used() -> None:
    everything = "\n".join(TEMPLATES.values()) + CODE
    asked = set(re.findall(r"""\bt\(["']([\w-]+)["'][,)]""", everything)) | set(
        re.findall(r'say\([^,]+, "([\w-]+)"', CODE)
    )
    asked |= set(re.findall(r'"([a-z-]+)"', CODE)) & WORDS.keys()
    asked |= {f"why-{one}" for one in REASONS} | {
        one for one in WORDS if one.startswith(("sex-", "severity-", "strength-"))
    }
    asked |= {hat.value for hat in Hat} | {"lt", "en"}
    asked |= {one for one in WORDS if one.startswith("type-")} | {"booked", "arrived", "done", "missed", "cancelled"}
    assert asked <= WORDS.keys(), asked - WORDS.keys()
    assert WORDS.keys() <= asked, WORDS.keys() - asked


def test_type_names_are_of_types() -> None:
    assert {one.removeprefix("type-") for one in WORDS if one.startswith("type-")} <= RESOURCE_TYPES


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_templates_hold_nothing_that_runs(name: str) -> None:
    text = TEMPLATES[name]
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert not re.search(r"\son\w+\s*=", text)
    assert not re.search(r"\sstyle\s*=|<style", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "http:" not in text.replace("http://www.w3.org", "")
    assert "https:" not in text
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        assert 'method="post"' in form
        assert 'name="form"' in form or 'action="/language"' in form or 'action="/auth/sign-in"' in form


def test_every_input_has_a_label() -> None:
    for name, text in TEMPLATES.items():
        for field in re.findall(r"<(?:input|select)\b[^>]*>", text):
            if 'type="hidden"' in field or "aria-label" in field:
                continue
            ident = re.search(r'id="([\w-]+)"', field)
            assert ident is not None, (name, field)
            assert f'for="{ident[1]}"' in text, (name, field)
