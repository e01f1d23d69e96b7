"""What `scripts/bench relay` is made of: metered servers, clients, and the load between them."""
