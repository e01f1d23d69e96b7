"""Break a line for a terminal, whatever the terminal knows of Unicode.

One that does not join emoji, or draws no flags, shows a cluster of characters wider than one that
does. A line that is too long for it goes on at its left edge, where the words of a peer would look
like those of somebody else: so each cluster counts as wide as any terminal draws it.
"""

from collections.abc import Iterator

from securechat.text import cluster_width, is_narrow


def break_line(line: str, width: int, *, indent: str = "", first_indent: str = "") -> list[str]:
    """Return a line in parts of at most ``width`` columns, broken at blanks where there are any.

    ``line`` went through `securechat.text.safe_text`; nothing of it is left out. All parts but the
    first begin with ``indent``, that one with ``first_indent``; there is more room than for these.
    """
    cuts = _cuts(line, width - len(first_indent), width - len(indent))
    ends = [*cuts, len(line)]
    starts = [0, *cuts]
    parts = [line[start:end] for start, end in zip(starts, ends, strict=True)]
    return [first_indent + parts[0], *(indent + part for part in parts[1:])]


def _cuts(line: str, first_width: int, width: int) -> list[int]:
    """Return where to cut; each part is as wide as there is room."""
    cuts: list[int] = []
    room, start, here, used = first_width, 0, 0, 0
    blank, since_blank = 0, 0
    for cluster, columns in _clusters(line, min(first_width, width)):
        if used + columns > room and here > start:
            at_blank = blank > start and cluster != " " and since_blank + columns <= width
            start, used = (blank, since_blank) if at_blank else (here, 0)
            cuts.append(start)
            room = width
        here += len(cluster)
        used += columns
        since_blank += columns
        if cluster == " " or (not columns and not since_blank):
            blank, since_blank = here, 0  # what takes no room goes with the blank before it
    return cuts


def _clusters(line: str, width: int) -> Iterator[tuple[str, int]]:
    """Give the clusters and their columns; of one that no line can hold, its characters."""
    if is_narrow(line):
        yield from ((character, 1) for character in line)
        return
    from wcwidth import iter_graphemes

    for cluster in iter_graphemes(line):
        columns = cluster_width(cluster)
        if columns <= width:
            yield cluster, columns
        else:
            yield from ((character, cluster_width(character)) for character in cluster)
