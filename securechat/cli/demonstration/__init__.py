"""What ``securechat demo`` shows: a relay with a witness in it, two clients, and what they do."""
