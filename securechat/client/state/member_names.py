"""What to call the people of a closed room, whose names its roster only claims."""

from securechat.client.names.contacts import with_key_id
from securechat.client.state.desk import Desk
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Name, UserKey


class MemberNames:
    """A key that is known here goes by the name it is pinned to, and nobody else by one like it."""

    def __init__(self, desk: Desk, own_name: Name) -> None:
        self._desk = desk
        self._own_name = own_name

    def of(self, member: RosterMember) -> str:
        """Return what to call somebody in a roster."""
        if member.user_key == self._desk.endpoint.user_key:
            return self._own_name
        contacts = self._desk.contacts
        if contact := contacts.pinned(member.user_key):
            return contacts.shown_name(contact)
        alike = {each.user_key for each in contacts.lookalikes(member.name)} - {member.user_key}
        if alike or name_skeletons(member.name) & name_skeletons(self._own_name):
            return with_key_id(member.name, member.user_key)
        return member.name

    def of_key(self, user_key: UserKey, entry: RosterEntry) -> str:
        """Return what to call the owner of a key, who may be in this roster."""
        if member := entry.members_by_key.get(user_key):
            return self.of(member)
        if user_key == self._desk.endpoint.user_key:
            return self._own_name
        if contact := self._desk.contacts.pinned(user_key):
            return self._desk.contacts.shown_name(contact)
        return with_key_id("somebody", user_key)
