"""What a client holds in memory never lands on the disk because the process crashes."""


def forbid_core_dumps() -> None:
    """Let this process leave no core dump, where the system knows limits for that."""
    try:
        import resource
    except ImportError:  # Windows writes none
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
