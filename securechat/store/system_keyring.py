"""The keyring of the desktop session, which opens when its user logs in; an extra."""

from contextlib import suppress
from typing import TYPE_CHECKING

from securechat.errors import FileProblem, UsageError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "securechat"
_MIN_PRIORITY = 1
"""What a backend has that its own authors recommend; less is no keyring, or one in the clear."""


def put_secret(entry: str, secret: str) -> None:
    """Keep a secret under a name; FileProblem or UsageError when it cannot be had back."""
    from keyring.errors import KeyringError

    backend = _backend()
    try:
        backend.set_password(_SERVICE, entry, secret)
        kept = backend.get_password(_SERVICE, entry) == secret
    except KeyringError as error:
        raise _unusable(str(error)) from error
    if not kept:
        raise _unusable("it does not keep what it is given")


def get_secret(entry: str) -> str:
    """Return what was put under a name; FileProblem or UsageError when it is not to be had."""
    from keyring.errors import KeyringError

    try:
        secret = _backend().get_password(_SERVICE, entry)
    except KeyringError as error:
        raise _unusable(str(error)) from error
    if secret is None:
        raise _unusable(f"it has no entry {entry} of securechat")
    return secret


def forget_secret(entry: str) -> None:
    """Remove what was put under a name, where that is still possible."""
    from keyring.errors import KeyringError

    with suppress(KeyringError, FileProblem):
        _backend().delete_password(_SERVICE, entry)


def _backend() -> "KeyringBackend":
    try:
        import keyring
    except ImportError as error:
        raise UsageError(
            "The keyring of the system needs an extra",
            "pip install 'securechat-lan[keyring]'",
        ) from error
    backend = keyring.get_keyring()
    if backend.priority < _MIN_PRIORITY:
        raise _unusable("there is none that encrypts what it keeps")
    return backend


def _unusable(why: str) -> FileProblem:
    return FileProblem(
        f"The keyring of the system cannot be used: {why}",
        "keyring diagnose; unlock the keyring by logging in to the desktop",
    )
