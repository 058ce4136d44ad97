"""The words of budgets on the officer's desk, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

BUDGET_WORDS: dict[str, tuple[Forms, Forms]] = {
    "bar-cold-account-day": ("Šalti per dieną", "Cold, a day"),
    "bar-cold-account-month": ("Šalti per mėnesį", "Cold, a month"),
    "bar-warm-charts": ("Istorijos su ryšiu", "Charts with a link"),
    "bar-warm-cards": ("Kortelės su ryšiu", "Cards with a link"),
    "bar-caller-cards": ("Skambinančiųjų kortelės", "Callers' cards"),
    "bar-search-account-day": ("Rasti paieškose", "Listed by searches"),
    "bar-change-patients": ("Perrašyti, ištrinti", "Overwritten, deleted"),
    "bar-export-day": ("Išvežti", "Exported"),
    "bar-glass-account": ("Skubūs atvėrimai", "Emergencies"),
    "bar-cold-clinic-day": ("Visos klinikos šalti per dieną", "Whole clinic, cold, a day"),
    "bar-glass-clinic-day": ("Visos klinikos skubūs per dieną", "Whole clinic, emergencies, a day"),
    "bar-worklist-week": ("Kvietimų sąrašai per savaitę", "Recall lists, a week"),
    "bar-erase-day": ("Ištrynimai per dieną", "Erasures, a day"),
    "bar-machine": ("Programos pacientai per dieną", "Program's patients, a day"),
    "bar-machine-listed": ("Programos rasti per dieną", "Program's listed, a day"),
    "budgets-clinic": ("Visa klinika per paskutines 24 valandas", "The whole clinic, last 24 hours"),
    "budgets-near": ("Arti ribos: {n}", "Near an end: {n}"),
    "budget-near": ("Arti ribos", "Near an end"),
    "budget-suspended": ("Sustabdyta", "Suspended"),
    "budget-more": ("Daugiau ir veiksmai", "More, and acts"),
    "budget-how": ("Ką galite padaryti", "What you can do"),
    "budget-how-suspend": (
        "„Sustabdyti paskyrą“: viskas, ko ji prašo, sustoja, sesijos užšąla. Vienas paspaudimas.",
        "Suspend: everything the account asks for stops, its sessions freeze. One click.",
    ),
    "budget-how-refund": (
        "„Grąžinti ribas“: kas per parą paimta, grąžinama jai ir klinikai. Tik kol sustabdyta.",
        "Refund: what it took in a day is given back to it and the clinic. Only while suspended.",
    ),
    "budget-how-release": (
        "„Leisti tęsti“: kas grąžino ribas, tas pats per parą nepaleidžia – reikia kito pareigūno.",
        "Release: who refunded does not release within a day; another officer has to.",
    ),
    "log-of-account": ("Ką darė", "What they did"),
    "raise": ("Pakelti ribą", "Raise a bound"),
    "raise-hint": (
        "Ne ilgiau kaip 30 dienų ir tik dviese: jūs prašote, kitas pritaria.",
        "For at most 30 days, and only with two: you ask, another approves.",
    ),
    "raise-whose": ("Kieno", "Whose"),
    "raise-bound": ("Kurią ribą", "Which bound"),
    "raise-account-bounds": ("Žmogaus", "Of the person"),
    "raise-clinic-bounds": ("Visos klinikos", "Of the whole clinic"),
    "raise-by": ("Kiek daugiau", "By how many"),
    "raise-days": ("Kiek dienų", "For days"),
    "raise-ask": ("Prašyti", "Ask"),
    "budgets-quiet": ("Per parą nieko neatvėrė", "Opened nothing in a day"),
}
