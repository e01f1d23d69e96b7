"""The chat on a full screen: `state` knows what is there, `drawing` makes lines of it.

Neither knows a terminal; `widgets` show the lines with Textual.
"""
