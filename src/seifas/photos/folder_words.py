"""Words in the names of folders and files that say what a photo shows, in Lithuanian and English, folded to `a-z`.

Lithuanian ones in the forms that people write: "nosis", "nosies", "nosį", "iš priekio". What stands here is never taken
for somebody's name.
"""

from __future__ import annotations

from typing import Final

BEFORE: Final = frozenset(("pries", "before", "pre", "preop", "priesop", "iki"))
AFTER: Final = frozenset(("po", "after", "post", "postop", "poop", "rezultatas", "result"))

# As the pages name body areas, which they say in each language; what has no such name stays Lithuanian.
_SITES: Final = {
    "face": "veidas veido veida veide face facial",
    "forehead": "kakta kaktos kakta forehead",
    "eyes": "vokai voku vokus vokas akys akiu akis eyelid eyelids eyes",
    "nose": "nosis nosies nosi nose rhinoplasty rinoplastika",
    "lips": "lupos lupu lupas lips lip",
    "ears": "ausys ausu ausis ears ear otoplastika",
    "chin": "smakras smakro smakra chin",
    "Skruostai": "skruostai skruostu skruostas cheek cheeks",
    "neck": "kaklas kaklo kakla neck",
    "breasts": "krutys krutu krutis breast breasts",
    "abdomen": "pilvas pilvo pilva abdomen belly tummy",
    "back": "nugara",
    "arms": "zastai zastu zastas arms arm",
    "hands": "plastakos plastaku rankos ranku hands hand",
    "thighs": "slaunys slaunu thighs thigh",
    "legs": "blauzdos blauzdu kojos koju legs leg",
    "buttocks": "sedmenys sedmenu buttocks",
    "scalp": "galva galvos scalp hair plaukai plauku",
    "Pažastys": "pazastys pazastu armpits armpit axilla",
    "feet": "pedos pedu feet foot",
    "Liemuo": "liemuo liemens trunk torso body kunas kuno",
}
SITES: Final = {word: site for site, words in _SITES.items() for word in words.split()}

_VIEWS: Final = {
    "front": "priekis priekio priekine frontal front anfas anfasas",
    "left": "kaire kaires kairys kairysis left l",
    "right": "desine desines desinys desinysis right r",
    "top": "virsus virsaus top above",
    "back": "nugaros galo uzpakalis back rear",
}
VIEWS: Final = {word: view for view, words in _VIEWS.items() for word in words.split()}
OBLIQUE: Final = frozenset(("istrizai", "istrizas", "oblique", "pasukta", "pasukus"))

MONTHS: Final = {
    **{word: number for number, words in enumerate((
        "sausis sausio jan january", "vasaris vasario feb february", "kovas kovo mar march",
        "balandis balandzio apr april", "geguze geguzes may", "birzelis birzelio jun june",
        "liepa liepos jul july", "rugpjutis rugpjucio aug august", "rugsejis rugsejo sep sept september",
        "spalis spalio oct october", "lapkritis lapkricio nov november", "gruodis gruodzio dec december",
    ), 1) for word in words.split()},
}  # fmt: skip

OTHER: Final = frozenset((
    "img", "image", "dsc", "dscn", "dscf", "pict", "pic", "photo", "photos", "foto", "fotos", "nuotrauka", "nuotraukos",
    "nuotr", "scan", "skenas", "copy", "kopija", "iphone", "whatsapp", "edited", "final", "nr", "no", "is", "su", "ir",
    "and", "the", "of", "with", "menuo", "menesiu", "men", "menesio", "month", "months", "savaite", "savaites", "sav",
    "week", "weeks", "metai", "metu", "year", "years", "diena", "dienos", "dienu", "day", "days", "operacija",
    "operacijos", "operation", "procedura", "proceduros", "procedure", "vizitas", "visit", "pacientas", "paciente",
    "patient", "patients", "pacientai", "gim", "gimusi", "gimes", "born", "dob", "tel", "ak", "asmens", "kodas",
))  # fmt: skip
"""Words that say nothing that is needed here."""
