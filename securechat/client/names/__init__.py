"""Who and what is meant by a name: contacts, and people and rooms as they are typed."""
