"""Complaints and procedures of an aesthetic clinic in Lithuanian and English, found by their stems in any case form.

A concept is written in several ways; each is a few stems that stand within five words of each other, in any order:
"krūtų didinimas", "didinau krūtis", "breast augmentation", "boob job". What comes out is the concept's Lithuanian term.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from seifas.names.folding import fold

_NEAR: Final = 5
_KEY: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]{3,40}")
_MOST_WORDS: Final = 20_000

# term: ways to write it, folded; a stem that ends in "=" is a whole word.
_GLOSSARY: Final = """
Rinoplastika: rinoplast; rhinoplast; nos operac; nos korekc; nos plast; nos kupr; nose= job=; nose= surger; nose= shape; dorsal= hump=
Septoplastika: septoplast; nos pertvar; deviated= septum=; kvepav nos
Viršutinių vokų blefaroplastika: virsutin vok; vok blefaroplast; upper= eyelid; nukar vok; drooping= eyelid; blepharoplast; blefaroplast; vok operac; vok plast; nusileid vok; eyelid surger; eyelid lift
Apatinių vokų blefaroplastika: apatin vok; maisel akim; bags= eye; lower= eyelid; paakin maisel
Ausų korekcija (otoplastika): otoplast; atlep aus; aus korekc; aus operac; prominent= ear; ear= pinning=; ear= correct
Krūtų didinimas implantais: krut didin; krut implant; krutin didin; breast augment; breast enlarg; breast implant; boob= job=; mazos= krut; small= breast; silikon implant; silicone= implant
Krūtų pakėlimas: krut pakel; mastopeks; mastopex; breast lift; nusileid krut; sagging= breast
Krūtų mažinimas: krut mazin; breast reduc; didel krut; large= breast
Krūtų asimetrija: krut asimetr; breast asymmetr
Implantų keitimas ir kapsulektomija: kapsulektom; capsulectom; implant keit; implant exchang; implant salin; implant remov; kapsul kontrakt; capsular= contract; sukietej krut; hardened= breast implant
Ginekomastijos operacija: ginekomast; gynaecomast; gynecomast; padidej krut vyr; male= breast; enlarged= breast man=
Pilvo plastika: pilv plast; abdominoplast; tummy= tuck=; nukar pilv; loose= abdomen=; pilv operac; abdomen plast; rectus= separat; tiesiej raumen
Riebalų nusiurbimas: riebal nusiurb; liposakc; liposuct; liposukc; riebal sankaup; fat deposit; fat remov
Odos pertekliaus šalinimas: odos= pertekl; excess= skin=; suglebus odos=; suglebus zast; brachioplast; slack= skin=
Veido ir kaklo pakėlimas: veid pakel; kakl pakel; face= lift; facelift; neck= lift; veid suglebim; sagging= face; sagging= facial=; faceliftin; ritidektom
Pagurklio lipolizė: pagurkl; double= chin=; lipoliz; lipolys; smakr riebal; chin fat=
Rando korekcija: rand korekc; rando= salin; scar revis; scar correct; scar remov; rand traum; scar injur; rand operac; isvesej rand; overgrown= scar; keloid
Lipomos šalinimas: lipom; poodin gumb; lump skin=
Cistos šalinimas: cist salin; cyst; cista= ; aterom
Įaugusio nago operacija: iaug nag; ingrown= nail; ingrown= toenail; nag operac
Sėdmenų forma: sedmen; buttock; brazilian= butt=; butt= lift=
Riebalų persodinimas: riebal persod; veid apimt; facial= volume=; lipofiling; fat= graft; fat= transfer
Diupiuitreno kontraktūros operacija: diupiuitren; dupuytren; pirst sutrauk; contracted= finger
Ausies spenelio plastika: speneli; ear= lobe; earlobe
Plaukų persodinimas: plauk persod; hair= transplant; plink; balding=; bald=
Spuogų šalinimo procedūra: spuog; acne=; akne; aknes; pimple
Randeliai po spuogų: randel spuog; acne= scar
Cheminis šveitimas pigmentacijai: pigment; rud dem; brown= patch; melasm; melazm; chloasm; pigment spot
Paviršinis cheminis šveitimas: chemin sveit; chemical= peel; pyling; pilingas; piling
Rožinė, išsiplėtę kapiliarai: rozin odos; rosacea; rozacea; isspletus kapiliar; isplet kapiliar; kapiliar veid; widened= capillar; redness= face=; veid paraud
Kraujagyslių koaguliacija lazeriu: kraujagysl koagul; laser= vessel; vascular= laser; kraujagysl lazer
Intensyvios šviesos procedūra: intensyv svies; intense= pulsed=; ipl=; fotojaunin; photorejuven
Apgamų dermatoskopija: apgam; dermatoskop; dermoscop; dermatoscop; mole=; moles=; nevus; naevus
Odos darinio šalinimas su histologija: odos= darin; skin= lesion; histolog; negyjant zaizd; sore= heal=; sore= nose=; bazaliom; basal= cell; karcinom; carcinom; melanom
Senatvinės karpos: senatvin karp; seborrh wart; keratom; keratos; siurkst dem; scaling= patch; rough= patch
Karpos: karp; wart=; warts=; verruc
Krioterapija skystu azotu: krioterap; cryotherap; skyst azot; liquid= nitrogen=
Slenkantys plaukai: slenk plauk; plauk slink; hair= loss=; losing= hair=; alopec
Pleiskanojanti galvos oda: pleiskan; dandruff; itching= scalp=; galvos= oda niez; seborrheic= dermat; seborinis= dermat
Atopinis dermatitas: atopin; atopic=; eczema; egzem; niezt berim; odos= lig gyd; skin= disease=; itching= rash; dermatit
Žvynelinė: zvynelin; zvynuot; psorias; psoriaz; scaly= plaque
Dilgėlinė: dilgelin; hives=; urticar
Baltmė: baltm; vitiligo; balt dem; white= patch
Nagų grybelis: nag grybel; onikomikoz; onychomyc; fung nail; sustorej nag; thickened= toenail; nail fungus=
Pūlinio atvėrimas ir drenavimas: pulin; absces; hidradenit
Smulkūs odos dariniai: pakib darin; skin= tag; papilom; papillom
Botulino toksino injekcijos: botulin; botulot; botox; botoks; dysport; disport; mimik rauksl; kakt rauksl; forehead= line; expression= line; rauksl aki; crow= feet=; frown= line
Lūpų didinimas užpildu: lup didin; lup uzpild; lup putlin; lup dare; lup dary; lip= augment; lip= filler; lip= inject; siaur lup; thin= lip; fuller= lip; lips= done=
Veido kontūravimas užpildu: veid kontur; veid uzpild; facial= contour; face= contour; cheek= filler; filler; uzpild; hialuron; hyaluron; nasolabi; nos lup rauksl; zandikaul kontur; jaw= line=; jawline
Ašarų vagos užpildymas: asar vag; tear= trough; pajuod paak; paaki; dark= circle
Gausus prakaitavimas: prakait; hyperhidros; sweating=; sweat=
Skleroterapija: skleroterap; sclerotherap; kapiliar koj; spider= vein; varicos; varikoz; issiplet ven; koj ven
Lazerinė epiliacija: lazer epil; epiliac; epilat; laser= hair= remov; hair= remov; plaukuotum; unwanted= hair=; hirsut
Frakcinis lazeris: frakcin lazer; fractional= laser; strij; stretch= mark
Odos biorevitalizacija: biorevital; mezoterap; mesotherap; saus odos=; saus oda=; dry= skin=; odos= drekin; suplonej oda=; suplonej odos=; thinned= skin=
Veido kėlimas siūlais: siul veid; kel siul; thread= lift; mezosiul; veid siul
Trombocitais praturtinta plazma galvos odai: trombocit plazm; platelet= rich=; platelet plasma=; prp=; plazm injekc
Hormono injekcija į randą: hormon injekc; steroid= inject; triamcinol
Kūno kontūravimas radijo dažniu: radij dazn; radiofrequen; celiulit; cellulit; kun kontur; body= contour
Tatuiruotės šalinimas lazeriu: tatuir; tattoo
Naktinis griežimas dantimis: griez dant; bruksizm; bruxism; grinding= teeth=; aching= jaw=; skaud zandik
Fototerapija siauros bangos UVB: fototerap; phototherap; uvb=
Odos alergijos lopo mėginiai: lopo= megin; patch= test; contact= allerg; berim salyc; rash contact=; kontaktin alerg; alerg megin
Siūlų šalinimas: siul salin; siul isem; stitches= remov; removal= stitch; suture= remov
Pooperacinis perrišimas: perris; postoperative= dress; dressing= chang
Užpildo tirpinimas hialuronidaze: hialuronidaz; hyaluronidas; uzpild tirpin; dissolv filler
Izotretinoinas: izotretinoin; isotretinoin; roakutan; accutane
Lytinių lūpų plastika: labioplast; labiaplast; lytin lup
Nėštumas: nestum; nescia; pregnan
ŽIV: ziv=; hiv=
Hepatitas: hepatit
"""  # noqa: E501 - one concept a line


class Term(NamedTuple):
    """`term` is meant by the words in text[start:end]."""

    start: int
    end: int
    term: str


class _Way(NamedTuple):
    number: int
    term: str
    stems: tuple[str, ...]


def _glossary() -> tuple[dict[str, list[tuple[str, int, int]]], list[_Way]]:
    """Stems by their first letters, as (stem, way, place in it), and the ways."""
    stems: dict[str, list[tuple[str, int, int]]] = {}
    ways: list[_Way] = []
    for line in _GLOSSARY.strip().splitlines():
        term, _, written = line.partition(":")
        for one in written.split(";"):
            parts = tuple(one.split())
            for place, stem in enumerate(parts):
                stems.setdefault(stem[:_KEY], []).append((stem, len(ways), place))
            ways.append(_Way(len(ways), term, parts))
    return stems, ways


_STEMS, _WAYS = _glossary()


def found(text: str) -> list[Term]:
    """Every concept in a text, in the order of its first word; of two that share words the one with more words."""
    words = [(one.start(), one.end(), fold(one[0])) for _, one in zip(range(_MOST_WORDS), _WORD.finditer(text),
                                                                      strict=False)]
    seen: dict[int, dict[int, int]] = {}
    hits: list[tuple[int, int, int]] = []
    for at, (_, _, word) in enumerate(words):
        for stem, way, place in _STEMS.get(word[:_KEY], ()):
            if not (word == stem[:-1] if stem.endswith("=") else word.startswith(stem)):
                continue
            places = seen.setdefault(way, {})
            places[place] = at
            if len(places) == len(_WAYS[way].stems) and at - min(places.values()) < _NEAR:
                hits.append((min(places.values()), at, way))
    hits.sort(key=lambda hit: (-len(_WAYS[hit[2]].stems), hit[0]))
    taken: set[int] = set()
    kept: list[Term] = []
    terms: set[tuple[str, int]] = set()
    for first, last, way in hits:
        used = {first, last}
        if used & taken or (_WAYS[way].term, first) in terms:
            continue
        taken |= used
        terms.add((_WAYS[way].term, first))
        kept.append(Term(words[first][0], words[last][1], _WAYS[way].term))
    return sorted(kept)


def concepts(text: str) -> frozenset[str]:
    """The Lithuanian terms that a text means, in either language: for comparing what was written with what was done."""
    return frozenset(one.term for one in found(text))


ALL: Final = tuple(dict.fromkeys(way.term for way in _WAYS))
