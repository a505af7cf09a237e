"""Start the command line: ``python -m breakhis_core``."""

from breakhis_core.command_line import main

if __name__ == "__main__":
    main()
