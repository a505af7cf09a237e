"""``demo``: prepare the workspace that ships, of painted phantoms, so that the app has something to show."""

from __future__ import annotations

from breakhis_core.command_line.answer import AsJson, answering


def demo(as_json: AsJson = False) -> None:
    """Paint the phantoms and catalogue them in the workspace; instant when that was done before."""
    with answering(as_json) as answer:
        from breakhis_core.command_line.console import ConsoleContext
        from breakhis_core.jobs import prepare_demo
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        with ConsoleContext(workspace.jobs / "demo") as context:
            prepared = prepare_demo(workspace, context)
        answer.give(
            prepared,
            f"The demo workspace {workspace.root} is ready: {prepared['images']} synthetic phantoms, not tissue.",
        )
