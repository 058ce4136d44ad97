"""The words of cases: the list, the head, the navigation. Each subject has a file: words_cases_<subject>.py."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms
from seifas.web.words_cases_deeds import CASES_DEEDS_WORDS
from seifas.web.words_cases_exercise import CASES_EXERCISE_WORDS
from seifas.web.words_cases_overview import CASES_OVERVIEW_WORDS
from seifas.web.words_cases_people import CASES_PEOPLE_WORDS

CASES_WORDS: dict[str, tuple[Forms, Forms]] = {
    **CASES_DEEDS_WORDS,
    **CASES_EXERCISE_WORDS,
    **CASES_OVERVIEW_WORDS,
    **CASES_PEOPLE_WORDS,
    "cases": ("Incidentai", "Incidents"),
    "cases-what": (
        "Kai kas nors įvyksta ar gali būti įvykę, čia surašoma, kas žinoma, kas ir kada privaloma, kas nukentėjo ir "
        "kam pranešta. Kas įrašyta, tas nebeišnyksta.",
        "When something has happened or may have, here stands what is known, what is due and when, who is affected and "
        "who was told. What is written stays.",
    ),
    "cases-none": ("Incidentų nėra.", "There are no incidents."),
    "case-from-how": (
        "Pradėkite naują incidentą arba pridėkite prie to, kuris jau vyksta.",
        "Open a new incident for it, or bring it into one that is under way.",
    ),
    "case-link-do": ("Pridėti prie šio", "Bring it here"),
    "case-into": ("Į incidentą", "Into an incident"),
    "count-incidents": (
        {"one": "vykstantis incidentas", "few": "vykstantys incidentai", "many": "vykstančio incidento",
         "other": "vykstančių incidentų"},
        {"one": "open incident", "other": "open incidents"},
    ),
    "case-one": ("Incidentas", "Incident"),
    "case-places": ("Incidento puslapiai", "Pages of the incident"),
    "case-more": ("Apžvalgos puslapiai", "Pages under the overview"),
    "case-overview": ("Apžvalga", "Overview"),
    "case-deadlines": ("Terminai", "Deadlines"),
    "case-evidence": ("Įrodymai", "Evidence"),
    "case-affected": ("Nukentėję", "Affected"),
    "case-filings": ("Pranešimai įstaigoms", "Filings"),
    "case-notices": ("Laiškai pacientams", "Notices"),
    "case-tips": ("Liudijimai", "Tips"),
    "case-demands": ("Reikalavimai", "Demands"),
    "case-takedown": ("Šalinimas", "Takedown"),
    "case-voice": ("Viešas žodis", "Public voice"),
    "case-open": ("vyksta", "open"),
    "case-closed": ("užbaigta", "closed"),
    "case-exercise": ("Pratybos", "Exercise"),
    "case-exercise-said": (
        "Niekas iš čia neišeina, o kiekvienas popierius paženklintas.",
        "Nothing leaves from here, and every paper is stamped.",
    ),
    "case-clock": ("Pratybų laikrodis:", "The exercise's clock:"),
    "case-begin": ("Pradėti incidentą", "Open an incident"),
    "case-begin-do": ("Pradėti", "Open"),
    "case-title": ("Pavadinimas", "Title"),
    "case-title-hint": (
        "Iš ko incidentą atpažinsite. Pacientų vardų čia nerašykite.",
        "What you will know the incident by. Write no patient's name here.",
    ),
    "case-opened": ("Pradėta", "Opened"),
    "case-opened-by": ("Nuo ko prasidėjo", "What it began with"),
    "case-entries": ("Įrašai", "Entries"),
    "case-about": ("Apie incidentą", "About the incident"),
    "case-number": ("Numeris", "Number"),
    "case-kind-alarm": ("Aliarmas", "An alarm"),
    "case-kind-tip": ("Liudijimas", "A tip"),
    "case-kind-leak": ("Nutekėjęs pavyzdys", "A leaked sample"),
    "case-kind-flood": ("Svetainės užtvindymas", "A flood of the site"),
    "case-kind-extortion": ("Reikalavimas mokėti", "A demand to pay"),
    "case-kind-hand": ("Kita", "Something else"),
    "case-said-title": ("Įrašykite pavadinimą: nuo 3 iki 120 ženklų.", "Give a title of 3 to 120 characters."),
    "case-said-kind": ("Pasirinkite, nuo ko prasidėjo.", "Choose what it began with."),
    "case-said-waves": (
        "Dar ne visi pacientų laiškai išėjo. Palaukite, perduokite juos spaustuvei arba sustabdykite bangą.",
        "Not all letters to patients have gone out. Wait, hand them to the printing house, or stop the wave.",
    ),
    "case-said-closed": (
        "Incidentas užbaigtas: į jį nieko nebeįrašysite. Jei reikia, pradėkite naują ir nurodykite šį.",
        "This incident is closed: nothing more is written into it. If there is need, open a new one and name this one.",
    ),
    "case-said-body": (
        "Įrašas per didelis arba neperskaitomas. Sutrumpinkite ir pakartokite.",
        "The entry is too large or cannot be read. Shorten it and repeat.",
    ),
    "case-said-word": ("Parašykite trumpai, kodėl.", "Say in a few words why."),
    "case-said-link": (
        "Tokio aliarmo, bylos ar liudijimo nėra.", "There is no such alarm, leak case or tip.",
    ),
    "case-said-full": (
        "Incidentų per daug. Užbaikite tuos, kurie baigėsi.",
        "There are too many incidents. Close those that are over.",
    ),
    "case-said-entries": (
        "Šiame incidente įrašų jau tiek, kiek telpa. Pradėkite naują ir nurodykite šį.",
        "This incident holds as many entries as fit. Open a new one and name this one.",
    ),
}  # fmt: skip
