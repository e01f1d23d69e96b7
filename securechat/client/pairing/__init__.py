"""How people come to know each other: codes that pair two of them, and invitations."""
