"""Encodings are told by proof or asked for; Windows-1257 is never taken for anything else, nor anything else for it."""

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import csv_text, read

from seifas.errors import Invalid
from seifas.tables.encodings import detect, misread

LITHUANIAN = csv_text([
    ["Vardas", "Pavardė", "Gimimo data", "El. paštas"],
    ["Šarūnė", "Žukauskienė", "1980-01-02", "s@example.org"],
    ["Ąžuolas", "Čepėnas", "1975-05-06", ""],
])

plain_letters = st.text(alphabet="aeiouskrtnlm", min_size=2, max_size=6)
marked = st.one_of(
    st.tuples(plain_letters, st.sampled_from("ąčęėįšųūž"), plain_letters),
    st.tuples(st.sampled_from("ĄČĘĖĮŠŲŪŽ"), plain_letters),
).map("".join)


@given(st.lists(st.tuples(marked, marked), min_size=1, max_size=20), st.sampled_from([";", ",", "\t", "|"]))
@settings(max_examples=of_whole(60))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1257"])
def test_a_table_comes_back_from_every_encoding_and_delimiter(encoding, names, delimiter):
    raw = csv_text(
        [["Vardas", "Pavardė", "Būklė", "Šalis"], ["Žaneta", "Ščita", "", ""], *([*pair, "", ""] for pair in names)],
        delimiter,
    ).encode(encoding)
    table = read(raw)
    assert [tuple(cells[:2]) for _, cells in table][1:] == names
    assert table.source.encoding in (encoding, encoding.removesuffix("-sig"))


@pytest.mark.parametrize(("text", "encoding"), [
    ("Name;Surname\nHélène;Lefèvre\nAndré;Français\nZoé;Bénédicte\n", "windows-1252"),
    ("Navn;Efternavn\nSøren;Kjærgård\nÅse;Ærø\nJørgen;Bæk\n", "windows-1252"),
    ("Nafn;Eftirnafn\nÞórður;Guðmundsson\nSæþór;Ægisson\nÁsdís;Jónsdóttir\n", "windows-1252"),
    ("Imię;Nazwisko\nŁukasz;Wałęsa\nŻaneta;Śliwińska\nGrażyna;Dąbrowska\n", "windows-1250"),
    ("Jméno;Příjmení\nJiří;Dvořák\nŽaneta;Růžičková\nŠtěpán;Čapek\n", "windows-1250"),
    ("Имя;Фамилия\nИван;Петров\nОльга;Сидорова\n", "windows-1251"),
    ("Имя;Фамилия\nИван;Петров\n", "cp866"),
    ("Vardas;Pavardė\nŠarūnė;Žukauskienė\nČiurlionis;Įžanga\n", "cp775"),
    ("Vardas;Pavardė\nŠarūnė;Žukauskienė\nČiurlionis;Įžanga\n", "iso-8859-4"),
    ("Ad;Soyad\nAyşe;Yılmaz\nGülşen;Öztürk\nİbrahim;Çağlar\n", "iso-8859-9"),
    ("Vardas;Pavardė\nAistė;Kazlauskaitė\nEglė;Jonaitė\n", "cp775"),
    ("Vardas;Pavardė\nŽaneta;Mažeikaitė\nMatas;Gražulis\nRąžė;Važgauskas\n", "cp775"),
    ("Name;Vorname\nJörg;Größe\nKäthe;Bär\n", "cp850"),
    ("Vards;Uzvārds\nJānis;Bērziņš\nĶēniņa;Ļoļa\n", "windows-1257"),
])  # fmt: skip
def test_what_is_not_surely_lithuanian_is_asked_for(text, encoding):
    with pytest.raises(Invalid, match="--encoding") as caught:
        detect(text.encode(encoding))
    assert caught.value.where == "line 1" or caught.value.where == "line 2"
    assert "Petrov" not in str(caught.value)


def test_a_text_that_reads_the_same_everywhere_needs_no_decision():
    found = detect("Name;Surname\nJürgen;Müller\nJörg;Groß\n".encode("windows-1252"))
    assert found.codec == "windows-1257"
    assert "same" in found.why


def test_a_single_letter_proves_nothing():
    with pytest.raises(Invalid, match="--encoding"):
        detect("Vardas;Pavarde\nAgota;Šalna\n".encode("windows-1257"))
    assert detect("Vardas;Pavarde\nAgota;Šalna\n".encode("windows-1257"), "CP1257").codec == "windows-1257"


def test_lithuanian_with_foreign_names_and_quotes_is_told():
    text = LITHUANIAN + 'Jürgen;Müller;1970-01-01;"sako „ačiū“ – 5 °C"\r\n'
    assert detect(text.encode("windows-1257")).codec == "windows-1257"


def test_bytes_that_fit_two_encodings_are_asked_for():
    raw = 'Vardas;Pavarde\nJonas;UAB "Š“\n'.encode("windows-1257")
    assert raw.decode("utf-8")  # valid in both
    with pytest.raises(Invalid, match="alike"):
        detect(raw)


def test_cyrillic_in_utf8_is_utf8():
    assert detect("Vardas;Pavarde\nИван;Петров\n".encode()).name == "utf-8"


@pytest.mark.parametrize(("raw", "message"), [
    ("a;b".encode("utf-32"), "UTF-32"),
    (b"Vardas;Pavarde\nJo\x00nas;P\n", "NUL"),
    (bytes(range(256)) * 10, "NUL"),
])
def test_no_text(raw, message):
    with pytest.raises(Invalid, match=message):
        detect(raw)


@pytest.mark.parametrize("damage", [b"\x80", b"\xff\xff", b"\xc4", b"\xa4A\xd3"])
def test_damaged_utf8_is_taken_for_nothing_else(damage):
    with pytest.raises(Invalid, match="damaged") as caught:
        detect("Vardas;Pavardė\n".encode() + damage + b"\n")
    assert caught.value.where == "line 2"


def test_an_unknown_encoding_is_refused_with_the_list():
    with pytest.raises(Invalid, match="windows-1257"):
        detect(b"a", "klingon")


def test_a_wrong_choice_is_noticed_at_the_byte():
    raw = LITHUANIAN.encode("windows-1257")
    with pytest.raises(Invalid, match="no utf-8") as caught:
        read(raw, encoding="utf-8")
    assert caught.value.where.startswith("after row")


def test_a_cut_off_utf16_file_is_noticed():
    with pytest.raises(Invalid, match="no utf-16"):
        read(LITHUANIAN.encode("utf-16")[:-1])


@pytest.mark.parametrize("text", ["Pavardė", "Žukauskienė", "Šarūnė", "Ąžuolas", "Įžanga", "ČĖPĖNAITĖ"])
@pytest.mark.parametrize("wrong", ["windows-1252", "windows-1257", "latin-1"])
def test_text_decoded_wrongly_once_before_is_noticed(text, wrong):
    assert misread(text.encode().decode(wrong, "replace"))
    assert not misread(text)


def test_replacement_characters_are_noticed():
    assert misread("Žukauskien\ufffd")
    assert not misread("Ångström, Ärger, Škoda – „gerai“")
