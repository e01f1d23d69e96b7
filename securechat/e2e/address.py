"""Which device of which person; the type itself lives in `securechat.identity.types`."""

from securechat.identity.types import DeviceAddress as DeviceAddress
