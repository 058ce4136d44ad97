"""Settings changed on the disk are noticed at the next unlock: a line, and an alarm that somebody is told of."""

from __future__ import annotations

from collections.abc import Callable

from seifas import settings as settings_module
from seifas.drill.stage import Stage
from seifas.keeper.noticing_settings import digest
from seifas.settings import Alarms, Clinic, Listen, Settings, replaced

CLINIC = "00112233445566778899aabbccddeeff"


def test_the_digest_sees_every_setting_but_the_listeners() -> None:
    usual = Settings(clinic=Clinic(id=CLINIC))
    assert digest(replaced(usual, listen=Listen(public="127.0.0.1:1"))) == digest(usual)
    for changed in (
        replaced(usual, demo=True),
        replaced(usual, alarms=Alarms(webhook=("http://elsewhere",))),
        replaced(usual, clinic=Clinic(id=CLINIC, name="Kita")),
    ):
        assert digest(changed) != digest(usual)


def test_a_raised_budget_rings_once(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    stage.start()
    stage.stop()
    settings = settings_module.load(stage.data)
    limits = type(settings.budget)(cold_clinic_day=5000)
    settings_module.write(stage.data, replaced(settings, budget=limits))
    for rings in (1, 1):
        stage.start()
        with stage.admin() as admin:
            told = admin.call("metrics")
        assert f"seifas_alarms_live {rings}" in told
        stage.stop()
