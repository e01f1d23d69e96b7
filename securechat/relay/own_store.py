"""The store of one relay: one process at a time has it, with the certificate of that relay."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from securechat.errors import Busy, FileProblem
from securechat.identity.types import RelayId, fingerprint
from securechat.store.news import Tell
from securechat.store.store_thread import StoreThread
from securechat.transport.certificate_directory import ServerCertificate
from securechat.transport.private_files import hold_lock, make_private_directory

STORE, LOCK = "relay.db", "lock"
OWNER = ("relay", b"id")
"""The row that tells whose store it is."""


@contextmanager
def opening_store(
    data: Path,
    certificate: ServerCertificate,
    call_soon: Callable[[Callable[[], None]], None],
    tell: Tell,
) -> Iterator[StoreThread]:
    """Provide the store in a directory, which is made when it is not there; close it at the end.

    Raises Busy while another process has it, FileProblem when it cannot be used or is another's.
    """
    with ExitStack() as stack:
        make_private_directory(data)
        try:
            stack.enter_context(hold_lock(data / LOCK))
        except Busy as busy:
            raise Busy(
                f"Another relay uses the store in {data}.",
                "stop that relay, or: securechat server --data ANOTHER-DIRECTORY",
            ) from busy
        path = data / STORE
        store = StoreThread(path, call_soon, tell)
        stack.callback(store.close)
        _check_owner(path, store, certificate)
        yield store


def _check_owner(path: Path, store: StoreThread, certificate: ServerCertificate) -> None:
    """Raise FileProblem if the store is of a relay with another key."""
    owner = store.rows().get(OWNER)
    if owner is None:
        store.save_now({OWNER: certificate.relay_id})
    elif owner != certificate.relay_id:
        raise FileProblem(
            f"{path} belongs to the relay with the fingerprint {fingerprint(RelayId(owner))};"
            f" the certificate in {certificate.certificate_path.parent} is another's.",
            "bring that relay's certificates back (--certs DIR), or begin anew:"
            " securechat server --data ANOTHER-DIRECTORY",
        )
