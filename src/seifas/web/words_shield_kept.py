"""The words of the shield in alarms, in the log and on a case's timeline, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

SHIELD_KEPT_WORDS: dict[str, tuple[Forms, Forms]] = {
    "alarm-flood-siege-public": (
        "Svetainę užplūdo užklausos, skydas perėjo į apgultį. Darbuotojai ir žinomi pacientai patenka.",
        "The site is under a flood and the shield is in siege. Staff and known patients get in.",
    ),
    "alarm-flood-siege-staff": (
        "Užklausos užplūdo darbuotojų adresą, skydas perėjo į apgultį. Prisijungę darbuotojai patenka.",
        "The staff's own address is under a flood and the shield is in siege. Staff who are signed in get in.",
    ),
    "alarm-flood-late": (
        "Kol saugykla buvo užrakinta arba nepasiekiama, svetainę užplūdo užklausos.",
        "The site came under a flood while the vault was locked or could not be reached.",
    ),
    "alarm-flood-lowered": (
        "Skydui liepta būti mažiau griežtam, nei jis nusprendė pats.",
        "The shield was ordered to be less strict than it had decided itself.",
    ),
    "alarm-flood-full": (
        "Skydas siunčia daugiau duomenų apie tvindymą, nei priimama. Dalis jų kol kas lieka pas jį.",
        "The shield sends more evidence of a flood than is taken. Some of it stays on its side for now.",
    ),
    "alarm-flood-book": (
        "Atverti adresai, iš kurių siųsta per tvindymą. Tai asmens duomenys.",
        "The addresses that sent during a flood were opened. They are personal data.",
    ),
    "alarm-flood-removed": ("Pašalinti tvindymo duomenys.", "The evidence of a flood was taken away."),
    "alarm-flood-books": (
        "Paskyra per dieną atvėrė tiek tvindymų adresų sąrašų, kiek leidžiama.",
        "An account opened as many lists of a flood's addresses in a day as it may.",
    ),
    "alarm-flood-silent": (
        "Skydas nutilo: kas patenka, lieka kaip buvo, bet tvindymo niekas nebestebi.",
        "The shield has fallen silent: who gets in stays as it was, but nobody watches for floods.",
    ),
    "next-flood-silent": (
        "Paprašykite prižiūrinčiojo pažiūrėti, ar veikia skydo programa, ir serverio žurnalo.",
        "Ask whoever keeps the system to see whether the shield's program runs, and to read the server's log.",
    ),
    "alarm-certificate-ending": (
        "Puslapių sertifikatas baigsis per dvi savaites arba jau baigėsi: tada naršyklės niekieno nebeįleis.",
        "The certificate of the pages ends within two weeks, or has ended: browsers will let nobody in then.",
    ),
    "next-certificate": (
        "Paprašykite prižiūrinčiojo perskaityti programos „certificates“ žurnalą: kodėl sertifikatas neatnaujintas. "
        "Savas sertifikatas keičiamas įdedant naujus failus į senųjų vietą.",
        "Ask whoever keeps the system to read the log of the program “certificates”: why it was not renewed. One of "
        "your own is changed by putting new files in the old ones' places.",
    ),
    "next-flood": (
        "Atverkite skydo puslapį: kas patenka, ar linija perpildyta, ko prašyti tiekėjo. Tvindymu dangstoma ir "
        "vagystė: perskaitykite ir kitus pavojaus pranešimus.",
        "Open the shield's page: who gets in, whether the line is full, what to ask of the provider. A flood may cover "
        "a theft: read the other alarms, too.",
    ),
    "next-flood-full": (
        "Skydo puslapyje pašalinkite senus tvindymus, kurių neprireiks.",
        "On the shield's page remove old floods that nobody will need.",
    ),
    "act-flood": ("Skydas ir tvindymai", "Shield and floods"),
    "act-flood-kept": ("Išsaugoti tvindymo duomenys", "Evidence of a flood was kept"),
    "act-flood-shown": ("Parodyti tvindymo duomenys", "Evidence of a flood was shown"),
    "case-deed-flood-opened": ("Prasidėjo tvindymas", "A flood began"),
    "case-deed-flood-calm": ("Skydas vėl ramus", "The shield is calm again"),
    "case-deed-flood-guarded": ("Skydas sargyboje", "The shield is guarded"),
    "case-deed-flood-siege": ("Skydas apgultyje", "The shield is in siege"),
    "case-deed-flood-ended": ("Tvindymas baigėsi", "The flood ended"),
    "case-deed-flood-unsaid": (
        "Apie tvindymą nieko nebegirdėti, laikomas pasibaigusiu",
        "Nothing more is heard of the flood: it counts as over",
    ),
    "case-deed-flood-notice": ("Svetainėje paskelbtas pranešimas apie tvindymą", "The notice of a flood was published"),
    "case-deed-flood-notice-off": ("Pranešimas apie tvindymą nuimtas", "The notice of a flood was taken down"),
    "case-deed-flood-auto": ("Svetainės skydas vėl sprendžia pats", "The site's shield decides by itself again"),
    "case-deed-flood-order-calm": ("Svetainės skydui liepta būti ramiam", "The site's shield was ordered to be calm"),
    "case-deed-flood-order-guarded": (
        "Svetainės skydui liepta pereiti į sargybą", "The site's shield was ordered to be guarded"
    ),
    "case-deed-flood-order-siege": (
        "Svetainės skydui liepta pereiti į apgultį", "The site's shield was ordered into siege"
    ),
    "case-deed-flood-staff-auto": (
        "Darbuotojų skydas vėl sprendžia pats", "The staff listener's shield decides by itself again"
    ),
    "case-deed-flood-staff-calm": (
        "Darbuotojų skydui liepta būti ramiam", "The staff listener's shield was ordered to be calm"
    ),
    "case-deed-flood-staff-guarded": (
        "Darbuotojų skydui liepta pereiti į sargybą", "The staff listener's shield was ordered to be guarded"
    ),
    "case-deed-flood-staff-siege": (
        "Darbuotojų skydui liepta pereiti į apgultį",
        "The staff listener's shield was ordered into siege",
    ),
}  # fmt: skip
