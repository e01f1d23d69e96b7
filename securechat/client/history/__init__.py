"""What came of messages that are there: read, searched for, exported, expired.

The history itself is in `securechat.client.state.history`.
"""
