"""`seifas shield`: floods from the command line. They are watched and steered at the desk."""

from __future__ import annotations

import typer

from seifas.cli import shield_evidence, shield_site

shield = typer.Typer(
    help="Floods: what was seen of them, and their evidence; and the shield for a site that is not Seifas."
)

shield.callback(invoke_without_command=True)(shield_site.stand)

shield.command("events")(shield_evidence.events)
shield.command("export")(shield_evidence.export)
shield.command("render")(shield_site.render)
shield.command("mirror")(shield_site.mirror)
shield.command("mode")(shield_site.mode)
shield.command("status")(shield_site.status)
shield.command("open")(shield_site.open_)
