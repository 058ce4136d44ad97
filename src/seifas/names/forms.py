"""Stems that all forms of one Lithuanian name share: Žukauskas, Žukauskienė, Žukauskaitė, Žukausko → zukausk.

A stem is an *extra* search word that ranks below what was typed, so it may join too much (Daukša and Daukas) but should
seldom miss. Works on folded words (`folding.fold`). Declensions as in any grammar of Lithuanian; women's surnames as in
the State Commission's rules: -ienė, -uvienė (wives), -aitė, -ytė, -utė, -ūtė (daughters), -ė (either).
"""

from __future__ import annotations

import re

STEM_FLOOR = 2
"""Letters that must be left: Ūsas → us."""

# Case endings of -ė words: nominative, genitive, dative, accusative/instrumental/vocative fold to e, locative.
_E_CASES = "ese|emis|eje|ems|es|ei|e"
_WOMAN = re.compile(f"(?:(?:i?uv)?ien|aic|ait|yt|ut)(?:{_E_CASES}|iu)$")
_ENDING = re.compile(
    # Slavic adjectives in Latin letters, before the shorter endings they contain: Kovalskaja, Kovalskij, Kowalskiej.
    "(?:aja|aya|oji|ego|emu|ej|oj|oy|iy|ij|yj"
    # -as -is -ys -us -ius -ė -a with all cases of both numbers, the soft i apart (it is dropped below).
    "|uose|omis|omes|oms|ose|oje|uje|yje|eje|aus|ams|ais|ems|umi|ums"
    "|as|is|ys|us|es|os|ui|ai|ei|au|am|om|uo|o|u|a|e|i|y)$"
)
_DOUBLED = re.compile(r"(.)\1+")
_SPELLING = (("sch", "s"), ("sz", "s"), ("cz", "c"), ("sh", "s"), ("zh", "z"), ("w", "v"), ("x", "ks"), ("q", "k"))


def stems(word: str) -> tuple[str, ...]:
    """The stems of one folded word, most likely first; one, or two where a form is ambiguous (Petraitė is the daughter
    of Petras or a Petraitis woman). Never empty for a word that is not.
    """
    found: list[str] = []
    woman = _WOMAN.search(word)
    if woman and woman.start() >= STEM_FLOOR:
        found.append(_canonical(word[: woman.start()]))
        if "ien" in woman[0]:
            return tuple(found)  # no other surname ends so
    ending = _ENDING.search(word)
    if ending and ending.start() >= STEM_FLOOR:
        found.append(_canonical(word[: ending.start()]))
    if not found:
        found.append(_canonical(word))
    return tuple(dict.fromkeys(found))


def _canonical(stem: str) -> str:
    # The i that only softens (Grinius, Griniūtė) and the consonants it changes (Petraitis, Petraičio; Gaidys, Gaidžio).
    if len(stem) > STEM_FLOOR:
        stem = stem.rstrip("i") or stem
    for foreign, plain in _SPELLING:
        if foreign in stem:
            stem = stem.replace(foreign, plain)
    stem = _DOUBLED.sub(r"\1", stem.replace("y", "i"))
    if stem.endswith("dz"):
        return stem[:-1]
    if stem.endswith("c"):
        return stem[:-1] + "t"
    return stem
