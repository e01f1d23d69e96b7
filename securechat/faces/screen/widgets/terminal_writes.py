"""What is written to the terminal besides the screen: a bell, a copied text."""

from textual.app import App

from securechat.text import safe_text


class TerminalWrites:
    """Writes beside what Textual draws; the only user of the terminal's driver."""

    def __init__(self, app: App[None]) -> None:
        self._app = app

    def bell(self) -> None:
        """Sound the bell."""
        self.write("\a")

    def copy(self, text: str) -> None:
        """Give a text to the terminal's clipboard (OSC 52), safe; not all take it."""
        self._app.copy_to_clipboard(safe_text(text, multiline=True))

    def write(self, sequence: str) -> None:
        """Write a sequence as it is: it holds nothing of others but what was made safe for it."""
        driver = self._app._driver
        if driver is not None:
            driver.write(sequence)
