"""The catalogue and the templates: both languages whole, every word used, nothing inline that could run."""

import importlib.resources
import re
from pathlib import Path

import pytest

from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.keeper.identity.hats import Hat
from seifas.web.desk.charts.asking import REASONS
from seifas.web.forms_of_words import Forms
from seifas.web.words import WORDS, say

ROOT = importlib.resources.files("seifas.web")
FOLDER = Path(str(ROOT))
TEMPLATES = {str(one.relative_to(FOLDER / "templates")): one.read_text("utf-8")
             for one in (FOLDER / "templates").rglob("*.html")}
CODE = "\n".join(one.read_text("utf-8") for one in FOLDER.rglob("*.py") if not one.name.startswith("words"))


def test_both_languages_are_there() -> None:
    assert {key: found for key in WORDS if (found := mistakes(key))} == {}


def mistakes(key: str) -> list[str]:
    """What is wrong with the words of a key."""
    lithuanian, english = WORDS[key]
    if isinstance(lithuanian, dict) != isinstance(english, dict):
        return ["forms in one language only"]
    found = []
    if isinstance(lithuanian, dict) and isinstance(english, dict) and (
        lithuanian.keys() != {"one", "few", "many", "other"} or english.keys() != {"one", "other"}
    ):
        found.append("not the forms of its language")
    texts = (*forms(lithuanian), *forms(english))
    fields = [set(re.findall(r"{(\w+)}", text)) for text in texts]
    if not all(text.strip() for text in texts):
        found.append("empty")
    if not all(one | {"n"} == fields[0] | {"n"} for one in fields):
        found.append("other fields in the other language")
    if lithuanian == english and key not in ("lt", "en"):
        found.append("the same in both")
    return found


def forms(text: Forms) -> list[str]:
    return list(text.values()) if isinstance(text, dict) else [text]


def test_plural_forms_are_chosen_by_language() -> None:
    words = {"seen": ({"one": "{n} pacientas", "few": "{n} pacientai", "many": "{n} paciento", "other": "{n} pacientų"},
                      {"one": "{n} patient", "other": "{n} patients"})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(WORDS, "seen", words["seen"])
        assert [say("lt", "seen", n=n) for n in (1, 2, 10, 21)] == [
            "1 pacientas", "2 pacientai", "10 pacientų", "21 pacientas"]
        assert [say("en", "seen", n=n) for n in (1, 2)] == ["1 patient", "2 patients"]


def test_every_word_is_known_and_used() -> None:
    everything = "\n".join(TEMPLATES.values()) + CODE
    asked = set(re.findall(r"""\bt\(["']([\w-]+)["'][,)]""", everything)) | set(
        re.findall(r'say\([^,]+, "([\w-]+)"', CODE)
    )
    for chosen in re.findall(r"""\bt\(["']([\w-]+)["'] if [^()]*? else ["']([\w-]+)["'][,)]""", everything):
        asked |= set(chosen)
    asked |= set(re.findall(r'"([a-z0-9-]+)"', CODE)) & WORDS.keys()
    # Families of words whose last part is a value: t("kind-" ~ line.kind), or f"wrong-{field}" in a handler.
    begun = set(re.findall(r"""\bt\(["']([\w-]+-)["'] ~""", everything)) | set(re.findall(r'f"([a-z-]+-)\{', CODE))
    asked |= {one for one in WORDS if one.startswith(tuple(begun))}
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
    assert not re.search(r"\son\w+\s*=(?!=)", text)
    assert not re.search(r"\sstyle\s*=|<style", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "http:" not in text.replace("http://www.w3.org", "")
    assert "https:" not in text
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        assert 'method="post"' in form
        before = ("/language", "/auth/sign-in", "/my/enter", "/my/code", "/my/code/check",
                  "{{ root }}/affected", "{{ root }}/code")  # nobody is signed in, yet or ever
        assert 'name="form"' in form or any(f'action="{one}"' in form for one in before)


def test_every_input_has_a_label() -> None:
    for name, text in TEMPLATES.items():
        for field in re.findall(r"<(?:input|select)\b[^>]*>", text):
            if 'type="hidden"' in field or "aria-label" in field:
                continue
            if re.search(rf"<label\b[^>]*>\s*{re.escape(field)}", text):  # it stands in its label
                continue
            ident = re.search(r'id="((?:[\w-]|\{\{[^"]*\}\})+)"', field)
            assert ident is not None, (name, field)
            assert f'for="{ident[1]}"' in text, (name, field)
