"""What the checks of the relay's doctor are about: a relay's setup, and the machine it is on."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from securechat.config import ServerConfig
from securechat.transport.certificate_directory import ServerCertificate
from securechat.transport.endpoint import Endpoint
from securechat.transport.firewalls import PLACES
from securechat.transport.open_files import open_file_limit
from securechat.transport.private_files import translate_os_errors


class Setup(Struct, frozen=True):
    """What a relay runs with: its settings, and the directories of its certificates and data."""

    config: ServerConfig
    certs: Path
    data: Path


def _free_bytes(directory: Path) -> int:
    with translate_os_errors(directory, "look at"):
        return shutil.disk_usage(directory).free


class Case(Struct, frozen=True):
    """Which relay is meant, and the machine that it is on.

    ``read_setup`` says what the relay would start with; it raises UsageError where it would not.
    ``firewall_places`` are the directories where the programs of firewalls are looked for.
    """

    read_setup: Callable[[], Setup]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    free_bytes: Callable[[Path], int] = _free_bytes
    open_file_limit: Callable[[], int | None] = open_file_limit
    firewall_places: Sequence[Path] = PLACES


class Examination:
    """What the checks have found out so far."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.setup: Setup
        self.certificate: ServerCertificate | None = None
        self.is_data_in_use = False
        self.hosts: list[str] = []
        """By which other machines reach the relay."""

    @property
    def place(self) -> Endpoint:
        """Where the relay is to listen."""
        config = self.setup.config
        return Endpoint(config.host, config.port)

    def take_host(self, host: str) -> None:
        """Go on with the host that a relay was started with, other than the settings say."""
        config = msgspec.structs.replace(self.setup.config, host=host)
        self.setup = replace(self.setup, config=config)
