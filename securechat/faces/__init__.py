"""What people and programs see of a client; a face shows events and takes commands.

Here is what several faces share. The faces are `line` and `screen`, which have a `chat` in common,
`json_lines` and `scripting`.
"""
