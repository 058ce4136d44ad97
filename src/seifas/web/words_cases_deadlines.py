"""The words of a case's deadlines: what is due, how it was counted, how sure that is, and what was done."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_DEADLINES_WORDS: dict[str, tuple[Forms, Forms]] = {
    "due-what": (
        "Terminai skaičiuojami nuo pasirašytų įvykių pagal tos dienos teisę. Laikykitės griežto laiko; šalia jo "
        "parodyta, kiek vėliausiai dar būtų galima ginčytis. Nė vienos taisyklės teisininkas dar nepatikrino, jei "
        "neparašyta kitaip.",
        "Deadlines are counted from signed events, by the law of their day. Keep to the strict time; beside it stands "
        "the latest that could still be argued. No rule has been checked by a lawyer unless it says so.",
    ),
    "due-open": ("Kas privaloma", "What is due"),
    "due-none": (
        "Terminų nėra: įrašykite ir pasirašykite, kada klinika sužinojo.",
        "Nothing is due: write and sign when the clinic became aware.",
    ),
    "due-formal": ("vėliausiai ginčytina", "latest arguable"),
    "due-now": ("Nepagrįstai nedelsiant", "Without undue delay"),
    "due-house": ("savas tikslas", "house target"),
    "due-as-set": ("Per terminą, kurį nustatė prašytojas", "By the term that whoever asked has set"),
    "due-readings": (
        {"one": "{n} skaičiavimo būdas", "few": "{n} skaičiavimo būdai", "many": "{n} skaičiavimo būdo",
         "other": "{n} skaičiavimo būdų"},
        {"one": "{n} way to count", "other": "{n} ways to count"},
    ),
    "due-strictest": ("griežčiausias", "the strictest"),
    "due-instead": ("to dar nėra, todėl nuo {rule} termino", "not there yet, so from when {rule} is due"),
    "due-unchecked": ("teisininkas netikrino", "not checked by a lawyer"),
    "due-checked": ("patikrino {by}", "checked by {by}"),
    "due-source-law": ("teisės akto tekstas", "text of the law"),
    "due-mark-S": ("matyta šaltinyje", "seen in the source"),
    "due-mark-C": ("pacituota, tekstas neskaitytas", "cited, text not read"),
    "due-mark-L": ("iš bendrų žinių", "from general knowledge"),
    # -- to whom
    "due-to-vdai": ("Valstybinei duomenų apsaugos inspekcijai", "To the data-protection authority (VDAI)"),
    "due-to-nksc": ("Nacionaliniam kibernetinio saugumo centrui", "To the cyber security centre (NKSC)"),
    "due-to-patients": ("Pacientams", "To the patients"),
    "due-to-controller": ("Duomenų valdytojui", "To the controller"),
    "due-to-internal": ("Savo registrui", "To the own register"),
    "due-to-requester": ("Prašytojui", "To the requester"),
    "due-to-police": ("Policijai", "To the police"),
    "due-to-prosecutor": ("Prokurorui", "To the prosecutor"),
    "due-to-recipients": ("Paslaugų gavėjams", "To the recipients of services"),
    "due-to-nobody": ("Niekam", "To nobody"),
    # -- issuing
    "due-pending": ("Neišduota", "Not issued"),
    "due-pending-what": (
        "Išduotas terminas lieka byloje visam laikui. Pasikeitus faktams išduodamas naujas ir parašoma kodėl; senasis "
        "neištrinamas.",
        "A deadline that is issued stays in the case for good. When facts change a new one is issued, with the reason; "
        "the old one is never overwritten.",
    ),
    "due-kind-new": ("dar neišduotas", "not issued yet"),
    "due-kind-changed": ("faktai pasikeitė", "facts changed"),
    "due-kind-gone": ("nebegalioja", "binds no longer"),
    "due-reason": ("Kodėl išduodama iš naujo", "Why it is issued again"),
    "due-issue": ("Išduoti terminus", "Issue the deadlines"),
    "due-issue-again": ("Išduoti iš naujo", "Issue again"),
    "due-why-earlier": ("terminas ankstesnis", "it is due earlier"),
    "due-why-later": ("terminas vėlesnis", "it is due later"),
    "due-why-event": ("skaičiuojama nuo kito įvykio", "it counts from another event"),
    "due-why-readings": ("atsirado kitas skaičiavimo būdas", "there is another way to count"),
    "due-why-rule": ("pasikeitė taisyklė", "the rule changed"),
    "due-why-facts": ("pasikeitė atsakymai apie atvejį", "the answers on the case changed"),
    "due-why-back": ("vėl galioja", "it binds again"),
    "due-why-gone": ("nebegalioja", "it binds no longer"),
    "due-versions": ("Kaip terminas keitėsi", "How it changed"),
    # -- done
    "due-met": ("Atlikta", "Done"),
    "due-met-add": ("Įrašyti, kad atlikta", "Write that it was done"),
    "due-how": ("Kas padaryta ir kaip", "What was done, and how"),
    "due-met-do": ("Atlikta", "It was done"),
    "due-filed": ("Pateiktas pranešimas", "The filing"),
    "due-state-met": ("laiku", "in time"),
    "due-state-met-late": ("pavėluotai", "late"),
    "due-was": ("terminas buvo", "was due"),
    # -- what could not be counted
    "due-problems": ("Kas nesuskaičiuota", "What was not counted"),
    "due-trouble-future": (
        "laikas dar neatėjo. Pataisykite įvykį arba kompiuterio laikrodį.",
        "its time is still to come. Correct the event, or the computer's clock.",
    ),
    "due-trouble-before-law": ("tuo metu šios taisyklės dar negaliojo.", "these rules were not in force then."),
    "due-trouble-not-registered": (
        "klinika tada dar nebuvo registruota KSIS. Pranešti galima savo noru.",
        "the clinic was not registered in KSIS then. Telling is voluntary.",
    ),
    "due-trouble-which-registered": (
        "atsakykite, ar klinika registruota KSIS: nuo to priklauso, ar privaloma pranešti NKSC.",
        "answer whether the clinic is registered in KSIS: on that hangs whether NKSC has to be told.",
    ),
    "due-trouble-unsigned": (
        "nepasirašyta, todėl niekas nuo to neskaičiuojama. Pasirašykite apžvalgoje.",
        "it is unsigned, so nothing is counted from it. Sign it on the overview.",
    ),
    "due-trouble-no-time": (
        "nežinomas laikas. Įrašykite, kad ir apytikslį.", "its time is unknown. Give it, even roughly.",
    ),
    "due-standing": ("Galioja be termino", "Binding without a clock"),
    "due-proposed": ("tik siūloma", "only proposed"),
    "due-would-be": ("Jei siūlymai būtų teisė", "If what is proposed were law"),
    "due-would-be-what": ("Šie terminai niekam neprivalomi.", "These deadlines bind nobody."),
    # -- the questions
    "due-profile": ("Klausimai", "Questions"),
    "due-profile-what": (
        "Nuo atsakymų priklauso, kas privaloma. Kol nežinoma, laikoma, kad privaloma.",
        "On the answers hangs what is due. While something is unknown, the duty is taken to bind.",
    ),
    "due-q-ksis": ("Ar klinika registruota KSIS?", "Is the clinic registered in KSIS?"),
    "due-q-since": ("Nuo kada registruota", "Registered since"),
    "due-q-personal-data": ("Ar paliesti asmens duomenys?", "Are personal data concerned?"),
    "due-q-risk": ("Kokia rizika žmonėms?", "What is the risk to people?"),
    "due-q-abroad": ("Ar nukentėjo žmonių kitose šalyse?", "Are people in other countries affected?"),
    "due-q-intrusion": ("Ar įsilaužta?", "Was there an intrusion?"),
    "due-q-disruption": ("Ar sutrikdytas veikimas?", "Was the service disrupted?"),
    "due-q-extortion": ("Ar reikalaujama pinigų?", "Is money demanded?"),
    "due-a-unknown": ("nežinoma", "unknown"),
    "due-a-yes": ("taip", "yes"),
    "due-a-no": ("ne", "no"),
    "due-a-important": ("taip, svarbusis subjektas", "yes, as an important entity"),
    "due-a-essential": ("taip, esminis subjektas", "yes, as an essential entity"),
    "due-a-unlikely": ("vargu ar yra", "unlikely"),
    "due-a-some": ("yra", "some"),
    "due-a-high": ("didelė", "high"),
    # -- the calendar
    "due-feed": ("Kalendorius", "Calendar"),
    "due-feed-what": (
        "Adresas, kuriuo kalendoriaus programa pati paima išduotus terminus: tik taisyklių pavadinimus ir laikus, "
        "nieko apie bylą ar pacientus.",
        "An address from which a calendar fetches the issued deadlines by itself: the titles of rules and their times, "
        "nothing of the case or of patients.",
    ),
    "due-feed-do": ("Sukurti adresą", "Make an address"),
    "due-feed-anew": ("Sukurti naują adresą", "Make a new address"),
    "due-feed-end": ("Panaikinti", "End it"),
    "due-feed-once": (
        "Adresas rodomas vieną kartą. Kas jį žino, mato terminus.",
        "The address is shown once. Whoever knows it sees the deadlines.",
    ),
    "due-feed-at": ("Kalendoriaus adresas", "The calendar's address"),
    "due-feed-there": (
        "Adresas sukurtas; sukūrus naują, senasis nebeveikia.", "There is one; a new one ends the old one.",
    ),
    # -- refusals
    "due-said-reason": ("Parašykite kodėl: nuo 3 iki 300 ženklų.", "Say why, in 3 to 300 letters."),
    "due-said-since": ("Nurodykite, nuo kurios dienos registruota.", "Give the day since which it is registered."),
    "due-said-answer": ("Pasirinkite atsakymą iš sąrašo.", "Choose an answer from the list."),
    "due-said-how": ("Parašykite, kas padaryta: nuo 3 iki 300 ženklų.", "Say what was done, in 3 to 300 letters."),
    "due-said-key": ("Tokio termino nebėra.", "There is no such deadline any more."),
    "due-said-exercise": (
        "Pratybų terminai į kalendorius neišeina.", "Deadlines of an exercise do not go out to calendars.",
    ),
}  # fmt: skip
