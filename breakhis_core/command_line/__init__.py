"""The command line: what the app does, without a browser."""

from __future__ import annotations

from breakhis_core.command_line.terminal import interrupts


def main() -> None:
    """Run the command that the arguments name."""
    interrupts.listen()
    try:
        # Here, since it takes a moment to load, and Ctrl-C is answered meanwhile.
        from breakhis_core.command_line.commands import run

        run()
    except KeyboardInterrupt:
        interrupts.end()
    except SystemExit as ending:
        if ending.code == interrupts.INTERRUPTED:
            interrupts.end()  # At once: libraries may be long in leaving.
        raise
