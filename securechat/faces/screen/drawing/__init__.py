"""What is drawn of the chat, as lines of spans; nothing here keeps a state or a terminal."""
