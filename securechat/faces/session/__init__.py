"""What every face does alike in a session: it hears events, asks, and knows what is unread."""
