"""Words of the drill's paper, Lithuanian and English: for who runs a clinic, not for who runs its machines."""

from __future__ import annotations

import re
from typing import Final

import msgspec


class About(msgspec.Struct, frozen=True):
    """A step as the paper tells it: title, promise, and what a figure (by its label in the report) is called."""

    title: str
    promise: str
    figures: tuple[tuple[str, str], ...]


LANGUAGES: Final = ("lt", "en")

SHEET: Final[dict[str, dict[str, str]]] = {
    "lt": {
        "title": "Ar atlaikytume tokį užpuolimą?",
        "kept": "Laikosi visi {all} pažadai",
        "broken": "Sulaužyta pažadų: {broken} iš {all}",
        "part": "Kartota žingsnių: {all}.",
        "intro": "2017 m. pavasarį iš Kauno klinikos pavogti pacientų duomenys ir nuotraukos, paskelbta 35 pacientų "
        "pavyzdys, reikalauta išpirkos, užtvindyta svetainė. Šios pratybos tą patį pakartojo su išgalvotais pacientais "
        "ir išmatavo, kas vagiui liko. Nė vieno tikro paciento duomenys neliesti.",
        "beside": "Dešinėje – ką tas pats vagis gavo iš įprastos įrašų sistemos: ji irgi paleista ir apvogta. Joje "
        "kortelės ir nuotraukos guli kaip daugelyje sistemų: be biudžetų, be raktų, be ženklų, skaitymai "
        "neregistruojami. Ji neatstovauja jokiam gaminiui.",
        "facts": "{when} · išgalvotų pacientų: {patients} · truko {took} · Seifas {version}",
        "quick": "Greitos pratybos: mažesnė klinika ir trumpesni žingsniai.",
        "step": "Kas nutiko", "ours": "Seifas", "plain": "Įprasta sistema", "must": "turi būti: {bar}",
        "mark-kept": "laikosi", "mark-broken": "SULAUŽYTAS", "none": "–",
        "unfinished": "Žingsnis nebaigtas, tad nieko nežinoma: tai laikoma sulaužytu pažadu.",
        "todo": "Ką daryti dabar",
        "todo-broken": "Pirmiausia: {steps}. Ataskaitoje drill.html prie šių žingsnių parašyta, kas ir kur nepavyko. "
        "Kol pažadas sulaužytas, juo nesiremkite.",
        "todo-kept": "Pratybas pakartokite po kiekvieno atnaujinimo ir ne rečiau kaip kas ketvirtį. Patikrinkite, ar "
        "atsarginę kopiją pasiima kitas kompiuteris, į kurį iš šio rašyti negalima: nuo to priklauso žingsnis „Viskas "
        "užšifruota“. Ištrintųjų sąrašą tegul saugo žmonės, ne serveris.",
        "limits": "Ko šis lapas neįrodo",
        "limit-root": "Kas valdo veikiantį, atrakintą serverį, skaito jo atmintį.",
        "limit-line": "Užkimštą ryšio liniją atkemša tik ryšio tiekėjas.",
        "limit-screen": "Kas nufotografuoja ekraną, nuotrauką turi; ženklas joje ir žurnalas lieka.",
        "limit-machine": "Vagis ir klinika dalijosi vienu kompiuteriu: laikai yra tokio kompiuterio.",
        "foot": "Visi skaičiai: drill.html ir drill.json. Kartoti: seifas drill",
    },
    "en": {
        "title": "Would we survive such an attack?",
        "kept": "All {all} promises held",
        "broken": "Promises broken: {broken} of {all}",
        "part": "Steps replayed: {all}.",
        "intro": "In the spring of 2017 data and photos of a Kaunas clinic's patients were stolen, 35 patients were "
        "published as a sample, ransom was demanded and the site was flooded. This drill did the same to invented "
        "patients and measured what the thief was left with. Nothing of a real patient was touched.",
        "beside": "On the right: what the same thief got from a plain record system, which was served and robbed, too. "
        "Its charts and pictures lie as in many systems: no budgets, no keys, no marks, and reads are not logged. It "
        "stands for no product.",
        "facts": "{when} · invented patients: {patients} · took {took} · Seifas {version}",
        "quick": "A quick drill: a smaller clinic, and shorter steps.",
        "step": "What happened", "ours": "Seifas", "plain": "Plain system", "must": "must be: {bar}",
        "mark-kept": "held", "mark-broken": "BROKEN", "none": "–",
        "unfinished": "The step did not finish, so nothing is known: that counts as a broken promise.",
        "todo": "What to do now",
        "todo-broken": "First: {steps}. The report drill.html says at these steps what failed, and where. Do not rely "
        "on a promise while it is broken.",
        "todo-kept": "Run the drill again after each upgrade, and every three months at the least. See that another "
        "machine fetches the backup, and that this one cannot write there: the step “Everything is encrypted” rests on "
        "it. Let people keep the list of who was erased, not the server.",
        "limits": "What this paper does not prove",
        "limit-root": "Whoever controls a running, unlocked server reads its memory.",
        "limit-line": "A line that is filled up is cleared by its provider alone.",
        "limit-screen": "Whoever photographs a screen has the picture; its mark and the log remain.",
        "limit-machine": "Thief and clinic shared one machine: times are those of such a machine.",
        "foot": "All figures: drill.html and drill.json. To repeat: seifas drill",
    },
}

_LT: Final[dict[str, About]] = {
    "disk_stolen": About("Pavogti diskai", "Pavogtoje kopijoje nėra nieko perskaitomo.", (("found", "rasta"),)),
    "session_stolen": About(
        "Pavogtas prisijungimas", "Svetima sesija atveria saujelę kortelių, tada sustabdoma.",
        (("strangers opened, a stolen session", "svetimų kortelių"),
         ("from the stop to the freeze, a stolen session", "sustabdyta per")),
    ),
    "web_process": About(
        "Užgrobtas žiniatinklio procesas", "Gaunama tik tiek, kiek galėtų pats prisijungęs žmogus.",
        (("strangers opened through one live session", "svetimų kortelių"),),
    ),
    "photos_stolen": About(
        "Pavogtos nuotraukos", "Kiekviena nutekėjusi nuotrauka parodo, kas ir kada ją žiūrėjo.",
        (("pictures that left", "nutekėjo nuotraukų"), ("of these, led to their own line", "iš tikrintų atsekta")),
    ),
    "insider_export": About(
        "Nutekėjo leistas sąrašas", "Sąrašas pats pasako, kuris jis ir per kieno paskyrą skaitytas.",
        (("patients an export can hold", "daugiausia pacientų"),
         ("decoys of the leaking list that were recognised", "atpažinta jaukų")),
    ),
    "sample_published": About(
        "Paskelbti 35 pacientai", "Atpažįstama, kieno įrašai ir per kurią paskyrą jie išėjo.",
        (("rows whose patient came first", "atpažinta eilučių"),
         ("photos that named the account", "paskyrą įvardijo nuotraukų")),
    ),
    "extortion": About(
        "Reikalaujama išpirkos", "Žinoma, ką kiekvienas reikalavimas įrodo ir kiek jis vertas.",
        (("demands told for what they prove", "teisingai įvertinta"),),
    ),
    "flood": About(
        "Užtvindyta svetainė", "Darbuotojai ir pacientai įleidžiami, kol kiti tvindo.",
        (("staff served", "darbuotojų užklausų"), ("noticed after", "pastebėta per")),
    ),
    "case": About(
        "Tiriamas atvejis", "Kas nukentėjo, suskaičiuojama iš žurnalo; terminai žinomi minutės tikslumu.",
        (("patients who count as affected", "laikomi nukentėjusiais"),),
    ),
    "vandal": About(
        "Kažkas naikina įrašus", "Sugadinama mažai, ir viskas grąžinama.",
        (("patients whose records he spoiled", "sugadinta pacientų"),
         ("records that are not as before", "negrąžinta įrašų")),
    ),
    "consent_withdrawn": About(
        "Atšauktas sutikimas", "Nuotrauka dingsta iš svetainės per penkias sekundes.",
        (("from the withdrawal to the last answer with the picture", "dingo per"),),
    ),
    "killed": About(
        "Procesai žudomi bet kada", "Nieko, kas patvirtinta, neprarandama.",
        (("acknowledged and lost or changed", "prarasta"), ("slowest return to service", "vėl veikė per")),
    ),
    "restore": About(
        "Prarastas serveris", "Grįžta visi, išskyrus ištrintuosius.",
        (("time to restore", "atkurta per"), ("the erased patient opens", "ištrintasis grįžo")),
    ),
    "ransomware": About(
        "Viskas užšifruota", "Išpirkos nereikia: atkuriama iš kopijos kitame kompiuteryje.",
        (("patients restored", "atkurta pacientų"),
         ("from the bare machine to the first chart", "pirmoji kortelė po")),
    ),
}

_EN: Final[dict[str, About]] = {
    "disk_stolen": About(
        "The disks are stolen", "A stolen copy holds nothing that can be read.", (("found", "found"),)
    ),
    "session_stolen": About(
        "A session is stolen", "A stolen session opens a handful of charts, then it is stopped.",
        (("strangers opened, a stolen session", "strangers' charts"),
         ("from the stop to the freeze, a stolen session", "stopped within")),
    ),
    "web_process": About(
        "The web process is taken over", "It gives what the person signed in could have opened, no more.",
        (("strangers opened through one live session", "strangers' charts"),),
    ),
    "photos_stolen": About(
        "Photos are stolen", "Each photo that left tells who looked at it, and when.",
        (("pictures that left", "pictures that left"), ("of these, led to their own line", "of those tried, traced")),
    ),
    "insider_export": About(
        "An allowed list leaks", "The list itself says which one it is, and through whose account it was read.",
        (("patients an export can hold", "patients at most"),
         ("decoys of the leaking list that were recognised", "decoys recognised")),
    ),
    "sample_published": About(
        "35 patients are published", "Whose records they are is recognised, and which account they left by.",
        (("rows whose patient came first", "rows recognised"),
         ("photos that named the account", "photos that named the account")),
    ),
    "extortion": About(
        "Ransom is demanded", "What each demand proves is known, and what it is worth.",
        (("demands told for what they prove", "judged rightly"),),
    ),
    "flood": About(
        "The site is flooded", "Staff and patients are let in while others flood.",
        (("staff served", "requests of staff"), ("noticed after", "noticed after")),
    ),
    "case": About(
        "The case is worked", "Who is affected is counted from the log; what is due is known to the minute.",
        (("patients who count as affected", "count as affected"),),
    ),
    "vandal": About(
        "Somebody destroys records", "Little is spoilt, and all of it is put back.",
        (("patients whose records he spoiled", "patients spoilt"), ("records that are not as before", "not put back")),
    ),
    "consent_withdrawn": About(
        "A consent is withdrawn", "The picture is gone from the site within five seconds.",
        (("from the withdrawal to the last answer with the picture", "gone after"),),
    ),
    "killed": About(
        "Processes are killed at random", "Nothing that was acknowledged is lost.",
        (("acknowledged and lost or changed", "lost"), ("slowest return to service", "back within")),
    ),
    "restore": About(
        "The server is gone", "Everybody comes back, except who was erased.",
        (("time to restore", "restored in"), ("the erased patient opens", "the erased one came back")),
    ),
    "ransomware": About(
        "Everything is encrypted", "No ransom: all is restored from a copy on another machine.",
        (("patients restored", "patients restored"),
         ("from the bare machine to the first chart", "first chart after")),
    ),
}

STEPS: Final = {"lt": _LT, "en": _EN}

_SAID_LT: Final = (
    (r"at most ", "ne daugiau kaip "), (r"at least ", "ne mažiau kaip "),
    (r"\ball of (\S+) patients", r"visų \1 pacientų"), (r"\bp99 (\S+) ms", r"99 % per \1 ms"),
    (r"\bpatients\b", "pacientų"), (r"\bentries\b", "įrašų"), (r"\bpictures\b", "nuotraukų"), (r"\btried\b", "bandytų"),
    (r"\bnot stopped\b", "nesustabdyta"), (r"\bstopped\b", "sustabdyta"), (r"\bnever\b", "niekada"),
    (r"\bnone\b", "nė vieno"),
    (r"\bno\b", "ne"), (r"\byes\b", "taip"), (r"\ball\b", "visi"), (r"\bof\b", "iš"), (r"\bin\b", "per"),
)


def said(value: str, language: str) -> str:
    """A figure's value in this language, its numbers as they are written there."""
    if language == "en":
        return value
    for pattern, words in _SAID_LT:
        value = re.sub(pattern, words, value)
    value = re.sub(r"(?<=\d),(?=\d{3}\b)", "\N{NO-BREAK SPACE}", value)
    return re.sub(r"(?<=\d)\.(?=\d)", ",", value)
