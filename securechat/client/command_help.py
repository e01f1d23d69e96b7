"""What can be typed, as `/help` tells it: the common commands first."""

HELP_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Talking",
        (
            ("/msg NAME text", "write to NAME or #ROOM, and stay in that conversation"),
            ("/me text", "say what you do: * alice waves"),
            ("/reply NAME text", "answer the newest message of NAME here, or that of an id"),
            ("/edit [ID] text", "another text for your newest message here, or an id"),
            ("/delete [ID]", "take it back; the others are asked to forget it, too"),
            ("/react NAME [SYMBOL]", "react to the newest of NAME; without, no more"),
            ("/who [#ROOM]", "who is in a room, or who is connected to the relay"),
            ("/history [NAME] [COUNT]", "the last messages with NAME or in #ROOM"),
            ("/search WORDS", "find messages; from:NAME in:NAME since:DATE before:DATE"),
            ("/help", "this list"),
            ("/quit", "leave (or Ctrl-D)"),
            ("//text", "a message that begins with a slash"),
        ),
    ),
    (
        "Rooms",
        (
            ("/rooms", "the rooms you are in, or invited to"),
            ("/join #ROOM", "accept an invitation; #lobby is open to everybody"),
            ("/leave [#ROOM]", "be in it no more, or refuse an invitation"),
            ("/create #ROOM", "a closed room, which you are the first admin of"),
            ("/invite [#ROOM] NAME...", "take people into it"),
            ("/kick [#ROOM] NAME", "take NAME out of it"),
            ("/admin [#ROOM] NAME", "let NAME invite and kick, too"),
            ("/topic [#ROOM] [TEXT]", "what it is about; without TEXT, show that"),
            ("/merge [#ROOM]", "go on after two admins have changed it at once"),
        ),
    ),
    (
        "People",
        (
            ("/contacts", "who is known here, and how far they are trusted"),
            ("/code", "let somebody pair with you by a code, which verifies you both"),
            ("/verify [NAME [emoji|qr]]", "compare digits with NAME, or emoji, or a QR code"),
            ("/match [NAME]", "say that the emoji are the same: NAME is verified"),
            ("/differ [NAME]", "say that they are not: nothing changes"),
            ("/trust [NAME]", "say that the digits are the same: NAME is verified"),
            ("/accept-key [NAME]", "take the new key of NAME, who is CHANGED"),
            ("/petname NAME [NEW]", "call NAME by a name of your own; without NEW, no more"),
            ("/block NAME", "see nothing more of NAME, and send nothing"),
            ("/unblock NAME", "undo that"),
        ),
    ),
    (
        "Peace and presence",
        (
            ("/notify [off|dm|mentions|all]", "what rings; mentions: those of you, and dm"),
            ("/mute [NAME]", "only count what comes from NAME or in #ROOM"),
            ("/unmute [NAME]", "undo that"),
            ("/away", "let others see that nobody sits here"),
            ("/back", "undo that"),
            ("/typing [on|off]", "whether others see that you type, and you that they do"),
            ("/presence [on|off]", "whether others see that you are here at all"),
        ),
    ),
    (
        "What is kept",
        (
            ("/keep [NAME] [DAYS]", "keep messages for DAYS, forever, or 0 for not at all"),
            ("/relay [TARGET]", "what the relay has seen in this run, of TARGET or of all"),
            ("/unsend [TARGET]", "give up what still waits here to be sent"),
        ),
    ),
)
"""Titles, and under each the commands with their meanings."""

HELP = tuple(entry for _, entries in HELP_GROUPS for entry in entries)
"""All commands with their meanings."""


def usage_of(command: str) -> str:
    """Return how a known command is typed, with what comes after it."""
    return next(usage for usage, _ in HELP if usage.split()[0] == f"/{command}")
