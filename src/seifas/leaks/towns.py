"""Towns as they are named in cards and in sentences: "iš Kauno", "Šiauliuose", "from Vilnius"."""

from __future__ import annotations

import re
from typing import Final

from seifas.names.folding import fold

_LITHUANIAN: Final = """
Vilnius Kaunas Klaipėda Šiauliai Panevėžys Alytus Marijampolė Mažeikiai Utena Jonava Kėdainiai Telšiai Tauragė Visaginas
Ukmergė Plungė Kretinga Palanga Šilutė Radviliškis Gargždai Druskininkai Rokiškis Elektrėnai Biržai Garliava Kuršėnai
Jurbarkas Vilkaviškis Raseiniai Anykščiai Lentvaris Grigiškės Prienai Joniškis Kelmė Varėna Kaišiadorys Pasvalys
Kupiškis Zarasai Skuodas Kazlų_Rūda Širvintos Molėtai Šalčininkai Šakiai Ignalina Pabradė Kybartai Nemenčinė
Švenčionėliai Šilalė Pakruojis Švenčionys Trakai Vievis Lazdijai Kalvarija Rietavas Birštonas Eišiškės Neringa Nida
Domeikava Akademija Ramučiai Karmėlava Kulautuva Vilkija
""".split()  # noqa: SIM905 - a list of words
_FOREIGN: Final = """
London Manchester Birmingham Peterborough Leeds Glasgow Belfast Edinburgh Liverpool Bristol Oslo Bergen Stavanger
Trondheim Drammen Berlin Hamburg München Köln Frankfurt Hannover Stuttgart Dublin Cork Galway Dundalk København Aarhus
Odense Aalborg Esbjerg Stockholm Göteborg Malmö Uppsala Chicago Boston Rīga Liepāja Jelgava Daugavpils Warszawa
Białystok Suwałki Gdańsk Amsterdam Rotterdam Utrecht Paris Lyon Madrid Barcelona Milano Roma Brussel
Antwerpen Tallinn Tartu Helsinki Zürich Basel Bern Reykjavík Wien Graz Minsk Grodno Kyjiv Lviv Odesa Kaliningradas
Toronto Sydney Londonas Dublinas Berlynas Ryga Varšuva Copenhagen
""".split()  # noqa: SIM905 - a list of words

# Endings of the other cases, folded, by the nominative's; the longest first.
_CASES: Final = (
    ("iai", ("iu", "iams", "ius", "iais", "iuose")), ("ai", ("u", "ams", "us", "ais", "uose")),
    ("ys", ("io", "iui", "i", "iu", "yje", "iuje")), ("is", ("io", "iui", "i", "iu", "yje")),
    ("ius", ("iaus", "iui", "iu", "iumi", "iuje")), ("us", ("aus", "ui", "u", "umi", "uje")),
    ("as", ("o", "ui", "a", "u", "e")), ("os", ("u", "oms", "as", "omis", "ose")), ("es", ("iu", "ems", "emis", "ese")),
    ("a", ("os", "ai", "a", "oje")), ("e", ("es", "ei", "e", "eje")),
)  # fmt: skip


def _forms() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _FOREIGN:
        found[fold(name)] = name
    for written in _LITHUANIAN:
        name = written.replace("_", " ")
        folded = fold(name)
        found[folded] = name
        for ending, others in _CASES:
            if folded.endswith(ending):
                for other in others:
                    found.setdefault(folded[: -len(ending)] + other, name)
                break
    return found


_FORMS: Final = _forms()
_WORD: Final = re.compile(r"[^\W\d_]{3,20}")
_SHORTEST_FORM: Final = 5
_AMBIGUOUS: Final = frozenset(("nida", "roma", "bern", "cork", "lyon", "akademija", "neringa", "utena", "odesa"))


def town_of(cell: str) -> str:
    """The town that a whole cell names (", LT" and a post code aside), in the nominative; ""."""
    if not 3 <= len(cell) <= 60:
        return ""
    words = [word for word in fold(cell).split() if word.isalpha() and word not in ("lt", "lietuva", "lithuania", "m")]
    return _FORMS.get(" ".join(words), "") if 1 <= len(words) <= 2 else ""


def first_town(text: str) -> str:
    """The first town named in a sentence by a capitalised word; "". Those that are names or words too do not count."""
    for found in _WORD.finditer(text):
        if found[0][0].isupper():
            folded = fold(found[0])
            if len(folded) >= _SHORTEST_FORM and folded not in _AMBIGUOUS and folded in _FORMS:
                return _FORMS[folded]
    return ""
