"""What to do at each alarm, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

NEXT_WORDS: dict[str, tuple[Forms, Forms]] = {
    "next-stolen": (
        "Tuoj pat paskambinkite žmogui. Jei tai ne jis: „Sustabdyti paskyrą“, pažiūrėkite žurnale, ką atvėrė, "
        "ir grąžinkite ribas. Jei jis – leiskite sesijai tęsti.",
        "Call the person at once. If it was not they: suspend the account, see in the log what was opened, "
        "refund. If it was: let the session go on.",
    ),
    "next-vandal": (
        "Sustabdykite paskyrą, tada skirtuke „Atšaukimas“ suskaičiuokite ir grąžinkite ankstesnius įrašus. "
        "Niekas neprarasta.",
        "Suspend the account, then count and put back the earlier records under Undo. Nothing is lost.",
    ),
    "next-glass": (
        "Peržiūrėkite skirtuke „Skubūs atvėrimai“: pagrįsta, nepagrįsta ar reikia paklausti.",
        "Look at it under Reviews: justified, not justified, or ask.",
    ),
    "next-busy": (
        "Paklauskite, ar diena tokia užimta. Jei taip – nieko daryti nereikia arba pakelkite ribą dviese. Jei "
        "ne – sustabdykite.",
        "Ask whether the day is that busy. If so, leave it or raise the bound with a second person. If not, suspend.",
    ),
    "next-drip": (
        "Peržiūrėkite žurnale, ką ši paskyra darė per mėnesį ir kodėl. Paklauskite žmogaus.",
        "Look in the log at what this account did over the month, and why. Ask the person.",
    ),
    "next-case-reopened": (
        "Byloje palyginkite naujausią nukentėjusių sąrašą su ankstesniu ir nuspręskite, kam pranešti.",
        "Compare the newest list of the affected with the one before in the case, and decide who has to be told.",
    ),
    "next-case-unsent": (
        "Byloje pažiūrėkite, kas neišėjo ir kodėl, ir nuspręskite, ar siųsti dar kartą ar kitu keliu.",
        "See in the case what did not go out and why, and decide whether to send it again or by another way.",
    ),
    "next-clinic": (
        "Skirtuke „Ribos“ pažiūrėkite, kas išnaudojo daugiausia. Pavogtą paskyrą sustabdykite ir grąžinkite "
        "jos ribas: kiti galės dirbti.",
        "See under Budgets who used the most. Suspend and refund a stolen account: the others can go on.",
    ),
    "next-expected": (
        "Jei apie tai žinojote – patvirtinkite. Jei ne – klauskite, kas tai padarė ir kodėl.",
        "If you knew of it, acknowledge. If not, ask who did it and why.",
    ),
    "next-leak": (
        "Pradėkite nutekėjimo bylą: žurnale „Masalai“ pažiūrėkite, kuriam sąrašui ir kam jis buvo skirtas.",
        "Begin a leak case: see under Decoys in the log which list it was planted in, and for whom.",
    ),
    "next-watch": (
        "Skirtuke „Nutekėjimai“ pažiūrėkite, kas pasikeitė, ir byloje palyginkite, kas atėjo. Jei adresas nutilo, "
        "ieškokite, kur persikėlė.",
        "See under Leaks what has changed, and match what came in its case. If the address fell silent, look for where "
        "it has moved.",
    ),
    "next-theirs": (
        "Paklauskite žmogaus, ar tai jis. Jei ne: sustabdykite paskyrą ir su antru žmogumi atimkite "
        "prisijungimo būdus.",
        "Ask the person whether it was they. If not: suspend the account and, with a second person, take the "
        "means of signing in away.",
    ),
    "next-machine": (
        "Paklauskite, kas buvo prie serverio. Jei niekas neplanavo – laikykite įsilaužimu ir peržiūrėkite "
        "žurnalą nuo šios minutės.",
        "Ask who was at the server. If nobody planned it, treat it as a break-in and read the log from this "
        "minute on.",
    ),
    "next-program": (
        "Paklauskite programos tiekėjo, kas pasikeitė. Jei neaišku – uždarykite skirtuke „Programos“.",
        "Ask the program's vendor what has changed. If it is unclear, shut it under Programs.",
    ),
    "next-request": ("Žiūrėkite skirtuke „Ištrynimai“.", "See under Erasures."),
    "next-recovery": (
        "Dar šią savaitę pakartokite repeticiją; kol nepavyksta, padarykite naują atsarginę kopiją su raktais.",
        "Repeat the rehearsal this week; until it works, make a new backup with keys.",
    ),
    "next-witness": (
        "Sustokite. Nieko netrinkite, pakvieskite sistemos prižiūrėtoją ir palyginkite su liudytojo kompiuteriu.",
        "Stop. Delete nothing, call whoever keeps the system, and compare with the witness's machine.",
    ),
    "next-witness-silent": (
        "Patikrinkite, ar liudytojo kompiuteris įjungtas ir pasiekiamas.",
        "See that the witness's machine is on and can be reached.",
    ),
    "next-approval": (
        "Perskaitykite skirtuke „Pritarimai“. Jei niekas jums apie tai nesakė – atsisakykite.",
        "Read it under Approvals. If nobody told you of it, refuse.",
    ),
    "next-note": ("Nieko daryti nereikia, tik žinoti.", "Nothing to do but to know."),
}
