"""What only end devices do: sessions, envelopes, content; E2E.md is the normative text."""
