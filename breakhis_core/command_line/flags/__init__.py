"""``flags``: export and import the list, measure agreement, settle, and choose the rule of exclusions."""

from __future__ import annotations

import typer

from breakhis_core.command_line.flags import agreement, exchange, policy, settle

app = typer.Typer(
    help="Export and import flags, measure agreement, settle, choose what leaves the training.",
    no_args_is_help=True,
)
app.command("export")(exchange.export_flags)
app.command("import")(exchange.import_flags)
app.command("agreement")(agreement.agreement)
app.command("settle")(settle.settle)
app.command("policy")(policy.policy)
