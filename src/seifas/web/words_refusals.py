"""What is said when a bound was met, by the code that the keeper gives; and how long it lasts, in both languages."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

REFUSAL_WORDS: dict[str, tuple[Forms, Forms]] = {
    "stop-warm-charts": (
        "Per parą galite atverti {limit} ligos istorijų; kita vieta atsilaisvins po {wait}. Kolegos gali dirbti "
        "toliau, o ribą gali pakelti pareigūnas su antru žmogumi.",
        "{limit} charts in 24 hours is your most; the next place is free in {wait}. Colleagues can go on, and the "
        "officer can raise the bound with a second person.",
    ),
    "stop-warm-cards": (
        "Per parą galite atverti {limit} kortelių; kita vieta atsilaisvins po {wait}. Kolegos gali dirbti toliau, o "
        "ribą gali pakelti pareigūnas su antru žmogumi.",
        "{limit} cards in 24 hours is your most; the next place is free in {wait}. Colleagues can go on, and the "
        "officer can raise the bound with a second person.",
    ),
    "stop-cold-month": (
        "Per mėnesį atvėrėte {limit} pacientų be vizito; kita vieta atsilaisvins po {wait}. Pacientai su registracija "
        "atsiveria kaip visada.",
        "You have opened {limit} patients without an appointment in a month; the next place is free in {wait}. "
        "Patients with an appointment open as ever.",
    ),
    "stop-cold-clinic": (
        "Visa klinika per parą atvėrė tiek pacientų be vizito, kiek galima; kita vieta atsilaisvins po {wait}. "
        "Pacientai su registracija ir skubūs atvejai atsiveria kaip visada.",
        "The clinic has opened as many patients without an appointment as it may in 24 hours; the next place is free "
        "in {wait}. Patients with an appointment and emergencies open as ever.",
    ),
    "stop-cold-kept": (
        "Savo klinikos dienos ketvirtį jau panaudojote, likusi dalis skirta kolegoms; vieta atsilaisvins po {wait}.",
        "You have used your quarter of the clinic's day, and the rest is kept for colleagues; a place is free in "
        "{wait}.",
    ),
    "stop-caller-cards": (
        "Vienas žmogus per parą gali atverti {limit} skambinančiųjų korteles; kita vieta atsilaisvins po {wait}. "
        "Kolegos gali dirbti toliau.",
        "{limit} callers in 24 hours is the most for one person; the next place is free in {wait}. Colleagues can go "
        "on.",
    ),
    "stop-search-wide": (
        "Tinka daugiau kaip {limit} pacientų. Įveskite daugiau raidžių arba gimimo datą.",
        "More than {limit} patients match. Type more letters, or a birth date.",
    ),
    "stop-worklist-size": (
        "Sąraše gali būti nuo vieno iki {limit} pacientų.",
        "A list holds at least one and at most {limit} patients.",
    ),
    "stop-worklist-week": (
        "Per savaitę klinika į sąrašus gali įrašyti {limit} pacientų; kita vieta atsilaisvins po {wait}.",
        "The clinic puts at most {limit} patients on lists a week; the next place is free in {wait}.",
    ),
    "stop-worklist-gone": (
        "Šio paciento nėra galiojančiame sąraše.",
        "This patient is not on a list that is still open.",
    ),
    "stop-glass-colleague": (
        "Šis kolega patvirtinti negali: reikia kito žmogaus.",
        "The colleague cannot confirm this: it takes another person.",
    ),
    "stop-erasures": (
        "Per parą galima ištrinti {limit} pacientų; kitą bus galima po {wait}.",
        "{limit} erasures in 24 hours is the most; the next is possible in {wait}.",
    ),
    "stop-exports": (
        "Per parą galima eksportuoti {limit} pacientų; kitą bus galima po {wait}.",
        "{limit} exports in 24 hours is the most; the next is possible in {wait}.",
    ),
    # -- a gesture is wanted: which bound it guards, and what it opens
    "touch-cold-hour": (
        "Per valandą be prieigos rakto galima atverti {limit} pacientų be vizito, ir tiek jau atvėrėte; kita vieta "
        "atsilaisvins po {wait}. Raktas atvers šį vieną pacientą iš karto.",
        "Without a passkey {limit} patients without an appointment can be opened in an hour, and you have opened them; "
        "the next place is free in {wait}. The passkey opens this one patient at once.",
    ),
    "touch-cold-session": (
        "Per parą be prieigos rakto galima atverti {limit} pacientų be vizito, ir tiek jau atvėrėte; kita vieta "
        "atsilaisvins po {wait}. Raktas atvers šį vieną pacientą iš karto.",
        "Without a passkey {limit} patients without an appointment can be opened in 24 hours, and you have opened "
        "them; the next place is free in {wait}. The passkey opens this one patient at once.",
    ),
    "touch-cold-share": (
        "Per parą atvėrėte {limit} pacientų be vizito: tai jau Jūsų dalis iš visos klinikos ribos. Toliau kiekvienam "
        "tokiam pacientui reikia rakto; šis atvers tik šį vieną.",
        "In 24 hours you have opened {limit} patients without an appointment: your share of the whole clinic's bound. "
        "From here on each of them takes the passkey; this touch opens this one only.",
    ),
    "touch-warm-gesture": (
        "Per parą atvėrėte {limit} ligos istorijų, daugiau nei įprastai. Raktas atvers šį pacientą ir šiai parai "
        "pakels ribą puse.",
        "You have opened {limit} charts in 24 hours, more than usual. The passkey opens this patient and lifts the "
        "bound by half for these 24 hours.",
    ),
    "touch-search-session": (
        "Per parą Jūsų paieškos parodė {limit} skirtingų pacientų, tai riba. Raktas leis ieškoti toliau.",
        "Your searches have listed {limit} different patients in 24 hours, which is the bound. The passkey lets you "
        "search on.",
    ),
    "touch-searches": (
        "Per valandą ieškojote {limit} kartų, tai riba. Raktas leis ieškoti toliau.",
        "You have searched {limit} times within an hour, which is the bound. The passkey lets you search on.",
    ),
    "touch-caller-misses": (
        "Per parą {limit} kartų tai, ką apie skambinantįjį įvedėte, netiko nė vienam pacientui. Raktas leis bandyti "
        "toliau.",
        "{limit} times in 24 hours what was typed of a caller fitted no patient. The passkey lets you go on trying.",
    ),
    # -- a gesture over one deed, whatever the bounds
    "touch-undo": (
        "Raktas atšauks visus išvardytus šio žmogaus pakeitimus; apie tai sužinos ir kiti.",
        "The passkey undoes all the listed changes of this person; others are told.",
    ),
    "touch-approve": (
        "Raktas pasirašys Jūsų pritarimą šiam vienam prašymui.",
        "The passkey signs that you approve this one request.",
    ),
    "touch-refuse": (
        "Raktas pasirašys, kad šį vieną prašymą atmetate.",
        "The passkey signs that you refuse this one request.",
    ),
    "touch-read": (
        "Raktas pasirašys, kad šį pranešimą perskaitėte.",
        "The passkey signs that you have read this notice.",
    ),
    "touch-glass-confirm": (
        "Raktas pasirašys, kad kolega gali skubiai atverti šį vieną pacientą.",
        "The passkey signs that your colleague may open this one patient in an emergency.",
    ),
    "touch-glass-refuse": (
        "Raktas pasirašys, kad kolegos skubaus atvėrimo nepatvirtinate.",
        "The passkey signs that you refuse your colleague's emergency opening.",
    ),
    "touch-means": (
        "Raktas kelioms minutėms leis keisti, kaip prisijungiate; pacientų jis neatveria.",
        "The passkey lets you change how you sign in for a few minutes; it opens no patient.",
    ),
    "touch-remove": (
        "Raktas pašalins pasirinktą raktą iš Jūsų paskyros.",
        "The passkey takes the chosen one off your account.",
    ),
    "touch-glass": (
        "Raktas skubiai atvers šio vieno paciento įrašus ir apie tai praneš pareigūnui.",
        "The passkey opens this one patient's record in an emergency, and the officer is told.",
    ),
    "touch-recall": (
        "Raktas pasirašys šį sąrašą: jo pacientams bus galima skambinti, kitiems ne.",
        "The passkey signs this list: its patients may be called, nobody else.",
    ),
    "touch-lot": (
        "Raktas pasirašys šios serijos paiešką visose ligos istorijose; rasti pacientai atsiveria kaip visada.",
        "The passkey signs the search for this lot in all charts; the patients found open as ever.",
    ),
    "wait-while": ("kurio laiko", "a while"),
    "wait-minutes": (
        {"one": "{n} minutės", "few": "{n} minučių", "many": "{n} minučių", "other": "{n} minučių"},
        {"one": "{n} min", "other": "{n} min"},
    ),
    "wait-hours": (
        {"one": "{n} valandos", "few": "{n} valandų", "many": "{n} valandų", "other": "{n} valandų"},
        {"one": "{n} h", "other": "{n} h"},
    ),
    "wait-hours-minutes": ("{n} val. {minutes} min", "{n} h {minutes} min"),
    "wait-days": (
        {"one": "{n} dienos", "few": "{n} dienų", "many": "{n} dienų", "other": "{n} dienų"},
        {"one": "{n} d", "other": "{n} d"},
    ),
}  # fmt: skip
