"""A pairing over a real relay, and what its log says of it: who, and how, and no secret."""

import json
import signal
from pathlib import Path

from securechat.client.pairing.joining import join_with_code
from securechat.client.pairing.pairing_code import parse_code
from securechat.client.profiles.profile import Profile
from securechat.identity.types import Name
from securechat.transport.endpoint import Endpoint
from tests.processes import chatting, relaying


def test_the_log_of_a_pairing_has_names_and_addresses_and_no_secret(tmp_path: Path) -> None:
    home = tmp_path / "bob"
    with relaying(tmp_path / "relay") as relay:
        with chatting(tmp_path / "alice", *relay.flags, "--name", "alice") as alice:
            relay.process.expect("registered", name="alice", address="127.0.0.1", by="near")
            relay.process.expect("joined", name="alice")
            alice.types("/code")
            code = parse_code(alice.expect("code")["code"])
            with Profile(home, Name("bob"), tuple) as profile:
                joined = join_with_code(profile, Endpoint("127.0.0.1", relay.port), code)
            assert joined.who.name == "alice"
            alice.expect("paired", name="bob")
            ended = relay.process.expect("pairing")
            assert ended == {"v": 1, "event": "pairing", "address": "127.0.0.1", "code": "done"}
            with chatting(home, "--server", relay.address, "--name", "bob"):
                relay.process.expect("registered", name="bob", address="127.0.0.1", by="code")
        relay.process.signal(signal.SIGTERM)
        relay.process.finish()
        log = json.dumps([ended, relay.process.read_rest()]) + relay.process.whole_stderr
    assert '"stopped"' in log
    assert [word for word in code.words if word in log] == []
    assert "-".join(code.words) not in log
