"""The words of the public voice: statements, the press kit, the gate."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_VOICE_WORDS: dict[str, tuple[Forms, Forms]] = {
    "voice-what": (
        "Pareiškimas rašomas lietuviškai ir angliškai, gauna numerį ir klinikos parašą. Jis rodomas klinikos "
        "svetainėje, o failus be jokių scenarijų galima laikyti bet kur.",
        "A statement is in Lithuanian and English, and gets a number and the clinic's signature. It is shown on the "
        "clinic's site, and its files, without any scripts, can be kept anywhere.",
    ),
    "voice-gate": (
        "Prieš paskelbiant tikrinama: teisinis pagrindas, prokuroro leidimas, jei vyksta tyrimas, ir ar neįvardytas "
        "nė vienas pacientas.",
        "Before anything is published: a legal basis, the prosecutor's leave where there is an investigation, and that "
        "no patient is named.",
    ),
    "voice-said": ("Pareiškimai", "Statements"),
    "voice-none": ("Dar nieko nepaskelbta.", "Nothing was published yet."),
    "voice-version": ("Nr. {n}", "No. {n}"),
    "voice-public": ("viešas", "public"),
    "voice-older": ("pakeistas naujesnio", "replaced by a newer one"),
    "voice-withdrawn": ("atšauktas", "withdrawn"),
    "voice-prepared": ("parengtas", "prepared"),
    "voice-new": ("Parengti pareiškimą", "Prepare a statement"),
    "voice-title-lt": ("Antraštė lietuviškai", "Title in Lithuanian"),
    "voice-title-en": ("Antraštė angliškai", "Title in English"),
    "voice-text-lt": ("Tekstas lietuviškai", "Text in Lithuanian"),
    "voice-text-en": ("Tekstas angliškai", "Text in English"),
    "voice-text-how": (
        "Paprastas tekstas. Tuščia eilutė skiria pastraipas, „## “ pradeda antraštę, „- “ sąrašo eilutę.",
        "Plain text. An empty line parts paragraphs, “## ” begins a heading, “- ” a line of a list.",
    ),
    "voice-answers-lt": ("Klausimai ir atsakymai lietuviškai", "Questions and answers in Lithuanian"),
    "voice-answers-en": ("Klausimai ir atsakymai angliškai", "Questions and answers in English"),
    "voice-speaker": ("Kas kalba su žiniasklaida", "Who speaks to the press"),
    "voice-nobody": ("Niekas: atsakoma tik raštu", "Nobody: answers in writing only"),
    "voice-basis": ("Teisinis pagrindas", "Legal basis"),
    "voice-basis-how": (
        "Pavyzdžiui: BDAR 34 straipsnio 3 dalies c punktas.", "For example: GDPR, article 34(3)(c).",
    ),
    "voice-prepare": ("Parengti", "Prepare"),
    "voice-again": ("Parengti naują redakciją", "Prepare a new version"),
    "voice-publish": ("Paskelbti", "Publish"),
    "voice-publish-how": (
        "Paskelbtas pareiškimas iškart matomas svetainėje; jo vietoje buvęs lieka byloje.",
        "A published statement is on the site at once; the one that was there stays in the case.",
    ),
    "voice-publish-exercise": ("Per pratybas niekas neskelbiama.", "An exercise publishes nothing."),
    "touch-statement": ("Pareiškimas bus paskelbtas viešai.", "The statement will be made public."),
    "voice-withdraw": ("Atšaukti", "Withdraw"),
    "voice-withdraw-why": ("Kodėl atšaukiama", "Why it is withdrawn"),
    "voice-zip": ("Failai bet kuriam serveriui (zip)", "The files for any host (zip)"),
    "voice-zip-how": (
        "Puslapiai, PDF, rinkinys žiniasklaidai, parašas ir kaip jį patikrinti.",
        "The pages, PDFs, the press kit, the signature and how to check it.",
    ),
    "voice-files": ("Failai", "Files"),
    "voice-by": ("Paskelbė", "Published by"),
    "voice-said-exercise": ("Pratybos nieko neskelbia.", "An exercise publishes nothing."),
    "voice-said-leave": (
        "Vyksta ikiteisminis tyrimas. Pirma įrašykite į laiko juostą prokuroro leidimą ir pasirašykite jį.",
        "There is an investigation. First write the prosecutor's leave into the timeline, and sign it.",
    ),
    "voice-said-named": (
        "Tekste įvardytas pacientas arba yra asmens kodas. Niekas nepaskelbta: parenkite naują redakciją be jo.",
        "The text names a patient or holds a personal code. Nothing was published: prepare a new version without it.",
    ),
    "voice-said-pages": (
        "Reikia antraštės (3–120 ženklų) ir teksto (iki 8000 ženklų) abiem kalbomis.",
        "Give a title (3 to 120 letters) and a text (at most 8,000) in both languages.",
    ),
    "voice-said-basis": ("Įrašykite teisinį pagrindą.", "Give the legal basis."),
    "voice-said-speaker": ("Pasirinkite žmogų iš sąrašo.", "Choose a person from the list."),
    "site-statement-n": ("Pareiškimas Nr. {n}, {at}.", "Statement no. {n}, {at}."),
    "site-statement-before": ("Anksčiau: {before}.", "Before: {before}."),
}  # fmt: skip
