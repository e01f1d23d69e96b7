"""``python -m securechat`` is the command."""

from securechat.cli import main

if __name__ == "__main__":
    main()
