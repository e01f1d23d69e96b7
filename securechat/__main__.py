"""``python -m securechat`` is the command, and so is the script ``securechat``."""

import sys

from securechat.collection import no_collection

INTERRUPTED = 130


def main() -> None:
    """Run the command line; every way out has an exit status, and no traceback."""
    try:
        with no_collection():
            from securechat.cli import run

        status = run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


if __name__ == "__main__":
    main()
