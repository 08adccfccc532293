"""The command `scorelet`, and `python -m scorelet`."""

import sys


def main() -> None:
    """Run the command line, see `scorelet.cli.main`; Ctrl-C ends it while it loads, too."""
    try:
        from scorelet.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
