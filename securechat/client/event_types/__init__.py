"""What an engine tells its faces, by subject; `securechat.client.events` is all of it."""
