"""Invitations to the relay: made, listed and taken back, one answer to each question."""

import secrets
from collections.abc import Callable
from ipaddress import ip_address

from securechat.client import commands as c
from securechat.client.connection.invite_link import (
    TOKEN_BYTES,
    InviteLink,
    InviteToken,
    inviter_hint,
    relay_hint,
)
from securechat.client.connection.relays import parse_address
from securechat.client.events import InviteInfo, InviteList, InviteMade, Problem
from securechat.client.keys.lookups import Lookups
from securechat.client.state.desk import Desk
from securechat.errors import (
    LimitExceeded,
    RemoteProtocolError,
    SecureChatError,
    Unreachable,
    UsageError,
)
from securechat.identity.invite import token_hash
from securechat.identity.types import Name
from securechat.text import safe_text
from securechat.transport.addresses import LOCALHOST, interface_addresses, parse_host
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f

MAX_LIFETIME_S = 30 * 24 * 60 * 60
ID_DIGITS = 8
"""Hexadecimal digits of a token's hash that tell an invitation from the others of a person."""

Take = Callable[[f.Done | f.Invites], None]


class Inviting:
    """Asks the relay, and tells its answers; what cannot be done is told as a Problem.

    With an ``errand`` only the command hears of it that has asked: a link is for one pair of eyes.
    """

    def __init__(self, desk: Desk, lookups: Lookups, own_name: Name, relay: str) -> None:
        """Begin; ``relay`` is the relay's address as it is dialled here."""
        self._desk = desk
        self._lookups = lookups
        self._own_name = own_name
        self._relay = relay
        self._waiting: dict[int, tuple[str | None, Take]] = {}

    @property
    def is_awaited(self) -> bool:
        """Whether the relay is still to answer."""
        return bool(self._waiting)

    def answer(self, question: c.InviteQuestion) -> None:
        """Begin to answer a question."""
        errand = question.errand
        if errand is not None:
            self._desk.so_far.errands.add(errand)
        try:
            if not self._desk.online:
                raise _unreachable()
            match question:
                case c.MakeInvite(uses, lifetime_s, address):
                    self._make(uses, lifetime_s, address, errand)
                case c.Invites():
                    self._list(errand, lambda found: self._tell_list(found, errand))
                case c.RevokeInvite(invite_id):
                    self._list(errand, lambda found: self._revoke(found, invite_id, errand))
        except SecureChatError as error:
            self._report(error, errand)

    def done(self, done: f.Done | f.Invites) -> None:
        """Take an answer, if it is one to a question about invitations."""
        errand, take = self._waiting.pop(done.request, (None, None))
        if take is not None:
            try:
                take(done)
            except SecureChatError as error:
                self._report(error, errand)

    def failed(self, failed: f.Failed) -> None:
        """Take the answer that it was not done, if it is one to such a question."""
        errand, take = self._waiting.pop(failed.request, (None, None))
        if take is not None:
            self._report(_failure(failed), errand)

    def forget(self) -> None:
        """The connection is gone: nobody knows what the relay has done of all this."""
        waiting, self._waiting = self._waiting, {}
        for errand, _ in waiting.values():
            self._report(_unreachable(), errand)

    def _make(self, uses: int, lifetime_s: int, address: str | None, errand: str | None) -> None:
        _check_range("uses", uses, f.MAX_INVITE_USES)
        _check_range("seconds", lifetime_s, MAX_LIFETIME_S)
        desk = self._desk
        link = InviteLink(
            place_for_others(address, self._relay),
            InviteToken(secrets.token_bytes(TOKEN_BYTES)),
            relay_hint(desk.relay_id),
            inviter_hint(desk.relay_id, desk.endpoint.user_key),
            self._own_name,
        )
        hashed = token_hash(link.token)
        made = InviteMade(
            link.text,
            link.qr_text,
            _id_of(hashed),
            uses,
            desk.now_ms() + lifetime_s * 1000,
            errand,
        )
        request = self._expect(errand, lambda _done: desk.tell(made))
        desk.batch.frames.append(f.InviteMake(request, hashed, uses, lifetime_s * 1000))

    def _list(self, errand: str | None, take: Callable[[f.Invites], None]) -> None:
        def check(answer: f.Done | f.Invites) -> None:
            if not isinstance(answer, f.Invites):
                raise RemoteProtocolError("The relay does not say which invitations there are")
            take(answer)

        self._desk.batch.frames.append(f.InviteList(self._expect(errand, check)))

    def _tell_list(self, found: f.Invites, errand: str | None) -> None:
        invites = [InviteInfo(_id_of(hashed), *rest) for hashed, *rest in found.invites]
        invites.sort(key=lambda invite: invite.expires_ms)
        self._desk.tell(InviteList(tuple(invites), errand))

    def _revoke(self, found: f.Invites, invite_id: str, errand: str | None) -> None:
        """Take one back, and tell which are left."""
        known = [hashed for hashed, *_ in found.invites if _id_of(hashed) == invite_id.lower()]
        if not known:
            raise UsageError(
                f"No invitation of yours has the id {safe_text(invite_id)}",
                "securechat invite --list",
            )
        request = self._expect(
            errand,
            lambda _done: self._list(errand, lambda left: self._tell_list(left, errand)),
        )
        self._desk.batch.frames.append(f.InviteRevoke(request, known[0]))

    def _expect(self, errand: str | None, take: Take) -> int:
        request = self._lookups.new_request()
        self._waiting[request] = (errand, take)
        return request

    def _report(self, error: SecureChatError, errand: str | None) -> None:
        self._desk.tell(Problem(error, errand))


def place_for_others(address: str | None, relay: str) -> Endpoint:
    """Return where a link says that the relay is: at an address, else where it is dialled here.

    This machine is one of its interfaces to others. Raises UsageError for what no link can say.
    """
    place = parse_address(address or relay)
    host = parse_host(place.host)
    if address is None and _is_loopback(host):
        ipv4 = (each for each in interface_addresses() if "." in each)
        host = next(ipv4, host)
    if not place.port:
        raise UsageError(f"{place} has no port", "the same command with --address HOST:5555")
    return Endpoint(host, place.port)


def _id_of(hashed: bytes) -> str:
    return hashed.hex()[:ID_DIGITS]


def _check_range(what: str, number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise UsageError(f"An invitation has 1 to {most:,} {what}", "securechat invite --help")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST


def _failure(failed: f.Failed) -> SecureChatError:
    match failed.code:
        case "limit":
            return LimitExceeded(
                f"The relay takes no more invitations of yours: {safe_text(failed.message)}",
                "securechat invite --list; then: securechat invite --revoke ID",
            )
        case "unknown-invite":
            return UsageError("That invitation is not there any more", "securechat invite --list")
        case _:
            return SecureChatError(
                f"The relay has not done that: {safe_text(failed.message)}", "the same once more"
            )


def _unreachable() -> Unreachable:
    return Unreachable(
        "There is no connection to the relay right now", "securechat invite --list, a bit later"
    )
