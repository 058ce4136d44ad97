"""Templates: every version stays, a digest finds what was signed, only the administrator writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.template_book import Purpose, Template, checked, digest_of

TITLES = {"lt": "Botulino toksinas", "en": "Botulinum toxin"}
TEXTS = {"lt": "# Sutikimas\n\nAš sutinku.", "en": "# Consent\r\n\r\nI agree."}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(Path(tmp_path_factory.mktemp("templates")) / "vault")


def test_versions_stay_and_a_digest_finds_them(rig: Rig) -> None:
    made: dict[str, Any] = {}

    async def first(asked: Asked) -> None:
        root = await asked.person("boss", "administrator")
        made["one"] = await asked.desk(
            "template.save", session=root, purpose="treatment", titles=TITLES, texts=TEXTS
        )
        ident = made["one"]["id"]
        made["two"] = await asked.desk(
            "template.save", session=root, purpose="treatment", titles=TITLES,
            texts={**TEXTS, "lt": "# Sutikimas\n\nAš nesutinku."}, id=ident, expect=1,
        )
        with pytest.raises(Conflict):
            await asked.desk(
                "template.save", session=root, purpose="letter", titles=TITLES, texts=TEXTS, id=ident, expect=1
            )

    async def later(asked: Asked) -> None:
        doctor = await asked.person("ona", "doctor")
        listed = await asked.desk("template.list", session=doctor)
        assert [(one["version"], one["purpose"]) for one in listed] == [(2, "treatment")]
        assert listed[0]["digests"] == made["two"]["digests"]
        signed = await asked.desk("template.get", session=doctor, digest=made["one"]["digests"]["lt"])
        assert (signed["version"], signed["language"]) == (1, "lt")
        assert "Aš sutinku" in signed["texts"]["lt"]
        assert "\r" not in signed["texts"]["en"]
        assert [one["version"] for one in signed["versions"]] == [2, 1]
        # The English text is the same in both versions; its digest is not, for it names the version.
        assert made["one"]["digests"]["en"] != made["two"]["digests"]["en"]
        root = await asked.sign_in("boss")
        await asked.desk("template.retire", session=root, id=made["one"]["id"])
        assert await asked.desk("template.list", session=doctor) == []
        assert len(await asked.desk("template.list", session=doctor, retired=True)) == 1
        again = await asked.desk("template.get", session=doctor, digest=made["one"]["digests"]["lt"])
        assert again["version"] == 1
        for wrong in ({"digest": "00" * 32}, {"id": bytes(16)}, {"id": made["one"]["id"], "version": 9}):
            with pytest.raises(Missing):
                await asked.desk("template.get", session=doctor, **wrong)

    rig.run(first)
    rig.run(later)


def test_only_the_administrator_writes_them(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        for hat in ("doctor", "nurse", "reception", "officer", "auditor", "outside"):
            person = await asked.person(f"x.{hat}", hat)
            with pytest.raises(Refused):
                await asked.desk("template.save", session=person, purpose="letter", titles=TITLES, texts=TEXTS)
            with pytest.raises(Refused):
                await asked.desk("template.retire", session=person, id=bytes(16))

    rig.run(deed)


@pytest.mark.parametrize("change", [
    {"purpose": "poem"}, {"texts": {}}, {"texts": {"lt": "   "}}, {"titles": {}}, {"titles": {"en": "only"}},
    {"texts": {"lt": "x" * 60_001}}, {"texts": {"lt": "a\u202eb"}}, {"texts": {"lt": "a\x00b"}},
    {"id": b"short", "expect": 1}, {"expect": 1}, {"id": bytes(16)},
])  # fmt: skip
def test_what_is_wrong_is_refused(rig: Rig, change: dict[str, Any]) -> None:
    async def deed(asked: Asked) -> None:
        name = f"boss{abs(hash(str(change))) % 10**6}"
        root = await asked.person(name, "administrator")
        sent = {"purpose": "letter", "titles": TITLES, "texts": TEXTS, **change}
        with pytest.raises(Invalid):
            await asked.desk("template.save", session=root, **sent)

    rig.run(deed)


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=60), max_size=4),
       st.dictionaries(st.text(max_size=4), st.text(max_size=60), max_size=4))
def test_what_is_kept_is_whole(titles: dict[str, str], texts: dict[str, str]) -> None:
    try:
        kept_titles, kept = checked(titles, texts)
    except Invalid:
        return
    assert kept_titles.keys() == kept.keys()
    one = Template(bytes(16), 1, Purpose.LETTER, kept_titles, kept, 0, "x")
    assert all(len(digest_of(one, language)) == 64 for language in kept)
