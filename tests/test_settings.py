"""The settings file: typed, documented, and an unknown key refuses to start."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from seifas import settings as settings_module
from seifas.errors import Invalid, Missing
from seifas.settings import Clinic, Listen, Settings

PAGE = Path(__file__).parents[1] / "docs" / "running" / "settings.md"
BUDGETS = Path(__file__).parents[1] / "docs" / "budgets.md"
CLINIC = "00112233445566778899aabbccddeeff"


def documented(text: str) -> dict[str, set[str]]:
    sections: dict[str, set[str]] = {"": set()}
    current = ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"## \[(\w+)\]", line):
            current = heading[1]
            sections[current] = set()
        elif row := re.match(r"\| `(\w+)` \|", line):
            sections[current].add(row[1])
    return sections


def test_every_setting_is_documented_and_nothing_else() -> None:
    sections = documented(PAGE.read_text())
    plain = set()
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            keys = {one.name for one in msgspec.structs.fields(field.type)}
            if field.name == "budget":
                page = BUDGETS.read_text() + PAGE.read_text()
                assert {key for key in keys if f"`{key}`" not in page} == set()
            else:
                assert sections[field.name] == keys, field.name
        else:
            plain.add(field.name)
    assert sections[""] == plain


def test_round_trip(tmp_path: Path) -> None:
    clinic = Clinic(id=CLINIC, name='Klinika "Žvaigždė"')
    settings = Settings(clinic=clinic, listen=Listen(public="0.0.0.0:80"), demo=True)
    settings_module.write(tmp_path, settings)
    assert settings_module.load(tmp_path) == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'[clinic]\nid = "{CLINIC}"\ncolour = "red"', "colour"),
        (f'surprise = 1\n[clinic]\nid = "{CLINIC}"', "surprise"),
        (f'[clinic]\nid = "{CLINIC}"\n[budget]\ncold_clinic_day = -1', "cold_clinic_day"),
        (f'[clinic]\nid = "{CLINIC}"\n[budget]\ncold_session_hour = 50', "cold_session_hour"),
        ('[clinic]\nid = "abc"', "clinic.id"),
        ("[clinic", "TOML"),
        ("", "clinic"),
    ],
)
def test_wrong_files_refuse_to_start_and_name_the_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / settings_module.FILE).write_text(text)
    with pytest.raises(Invalid) as caught:
        settings_module.load(tmp_path)
    assert named in f"{caught.value.message} {caught.value.where}"


def test_wrong_encoding_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        settings_module.load(tmp_path)
    (tmp_path / settings_module.FILE).write_bytes('name = "Žvaigždė"'.encode("cp1257"))
    with pytest.raises(Invalid):
        settings_module.load(tmp_path)
