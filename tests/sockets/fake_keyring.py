"""A keyring for tests: in memory, and for processes in a file that a variable names."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

PLACE = "FAKE_KEYRING"


class FakeKeyring(KeyringBackend):
    """Keeps secrets, unless it is locked or forgetful."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}
        self.locked = False
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.secrets.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        assert service == "securechat"
        if not self.forgetful:
            self.secrets[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.secrets.pop(username, None) is None:
            raise PasswordDeleteError("not there")

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("it is locked")


class FileKeyring(FakeKeyring):
    """Keeps them for the next process too."""

    def get_password(self, service: str, username: str) -> str | None:
        self._load()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._load()
        super().set_password(service, username, password)
        self._save()

    def delete_password(self, service: str, username: str) -> None:
        self._load()
        super().delete_password(service, username)
        self._save()

    def _load(self) -> None:
        place = Path(os.environ[PLACE])
        if place.exists():
            self.secrets = json.loads(place.read_text())

    def _save(self) -> None:
        Path(os.environ[PLACE]).write_text(json.dumps(self.secrets))
