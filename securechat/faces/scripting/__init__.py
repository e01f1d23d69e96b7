"""``send``, ``listen`` and ``invite``, for scripts: by an own engine or a running client."""
