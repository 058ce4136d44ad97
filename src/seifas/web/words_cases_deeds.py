"""What the timeline of a case says of lines of the log."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_DEEDS_WORDS: dict[str, tuple[Forms, Forms]] = {
    "case-deed-opened": ("Incidentas pradėtas", "The incident was opened"),
    "case-deed-exercise": ("Pratybos pradėtos", "The exercise was begun"),
    "case-deed-closed": ("Incidentas užbaigtas", "The incident was closed"),
    "case-deed-linked": ("Pridėta prie incidento", "Brought into the incident"),
    "case-deed-published": ("Pareiškimas paskelbtas", "A statement was published"),
    "case-deed-withdrawn": ("Pareiškimas atšauktas", "A statement was withdrawn"),
    "case-deed-deadline": ("Nustatytas terminas", "A deadline was issued"),
    "case-deed-deadline-met": ("Terminas įvykdytas", "A deadline was met"),
    "case-deed-profile": ("Atsakyta apie kliniką ir incidentą", "Questions about clinic and incident were answered"),
    "case-deed-evidence": ("Aprašytas įrodymas", "Evidence was described"),
    "case-deed-custody": ("Įrašyta, kas daryta su įrodymu", "What was done with evidence was written"),
    "case-deed-bundle": ("Parengtas įrodymų rinkinys", "A bundle of evidence was made"),
    "case-deed-stamp": ("Laiko žyma", "A time stamp"),
    "case-deed-facts": ("Surašyti pranešimų faktai", "Facts for filings were entered"),
    "case-deed-filing": ("Pranešimas įstaigai užantspauduotas", "A filing was sealed"),
    "case-deed-statement": ("Parengtas pareiškimas", "A statement was drafted"),
    "case-deed-gate": ("Patikrinta, ar galima skelbti", "It was checked whether this may go out"),
    "case-deed-demand": ("Įrašytas reikalavimas", "A demand was entered"),
    "case-deed-rates": ("Įkelti kursai", "Rates were imported"),
    "case-deed-takedown": ("Šalinimo žingsnis", "A step of taking down"),
    "case-deed-verdict": ("Įvertinta, ką reikalavimas įrodo", "What a demand proves was judged"),
    "case-deed-snapshot": ("Suskaičiuota, kas nukentėjo", "Who is affected was computed"),
    "case-deed-wave-asked": ("Prašyta leisti pranešti pacientams", "Leave was asked to write to patients"),
    "case-deed-wave-begun": ("Laiškų banga pradėta", "A wave of notices was begun"),
    "case-deed-wave-stopped": ("Laiškų banga sustabdyta", "A wave of notices was stopped"),
    "case-deed-letters-made": ("Paruoštas laiškų paketas", "A batch of letters was made"),
    "case-deed-letters-taken": ("Laiškų paketas atsisiųstas", "A batch of letters was downloaded"),
    "case-deed-letters-handed": ("Laiškų paketas perduotas", "A batch of letters was handed over"),
    "case-deed-letters-back": ("Įrašyta, kurie laiškai grįžo", "Letters that came back were taken down"),
    "case-deed-letters-delivered": ("Įrašyta, kurie laiškai įteikti", "Letters that were delivered were taken down"),
    "case-deed-notice-public": (
        "Įrašyta, kiek žmonių nepasiekta", "How many people were not reached was taken down"
    ),
    "case-deed-wave": ("Laiškų banga", "A wave of notices"),
    "case-deed-leak-begun": ("Pradėta nutekėjimo byla", "A leak case was begun"),
    "case-deed-leak-asked": ("Paprašyta leisti ieškoti", "Leave to search was asked for"),
    "case-deed-file": ("Įkeltas failas", "A file was added"),
    "case-deed-file-forgotten": ("Failas pašalintas", "A file was forgotten"),
    "case-deed-search": ("Pradėta paieška", "A search began"),
    "case-deed-result": ("Paieška baigta", "A search ended"),
    "case-deed-tip-text": ("Gautas liudijimas", "A tip came"),
    "case-deed-tip-file": ("Prie liudijimo pridėtas failas", "A file came with a tip"),
    "case-deed-tip-answer": ("Atsakyta į liudijimą", "A tip was answered"),
    "case-deed-tip-note": ("Pastaba apie liudijimą", "A note on a tip"),
    "case-deed-tip-adopted": ("Liudijimo failas priimtas kaip įrodymas", "A tip's file was taken as evidence"),
    "case-deed-received": ("Gautas įrodymas", "Evidence was received"),
}  # fmt: skip
