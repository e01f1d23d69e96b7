"""What people and programs see of a client; a face shows events and takes commands.

Here is what several faces share. The faces are `line`, `screen`, `json_lines` and `scripting`.
"""
