"""What a siege has shown, as Markdown."""

from siegelib.besieging import Outcome
from siegelib.canaries import Sample, percentile
from siegelib.gatherings import CrowdOutcome, IdlersOutcome, StormOutcome

KIB, MIB = 1024, 1024 * 1024

ATTACKS_HEAD = (
    "| attack | connections, addresses | canaries answered | p50, p95 in ms | newcomers let in"
    " | p95 in ms | longest life in s | left | relay: CPU | memory, MiB |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def attack_row(outcome: Outcome) -> str:
    """Return the row of one attack."""
    attack, sample = outcome.attack, outcome.canaries
    stays = attack.longest_s is None
    cells = (
        attack.title,
        f"{attack.count}, {attack.sources}",
        f"{sample.answered:.1%} of {sample.sent}",
        _milliseconds(sample.answers_s, 0.5, 0.95),
        f"{sample.let_in:.0%} of {sample.came}",
        _milliseconds(sample.logins_s, 0.95),
        "may stay" if stays else f"{outcome.longest_s:.2f}",
        "" if stays else str(outcome.left),
        f"{outcome.cpu:.0%}",
        f"{outcome.rss_before_bytes // MIB} → {outcome.rss_peak_bytes // MIB}",
    )
    return f"| {' | '.join(cells)} |"


def crowd_lines(outcome: CrowdOutcome) -> list[str]:
    """Return what a quiet crowd costs."""
    return [
        f"{outcome.people:,} people logged in and idle, came in within"
        f" {outcome.arrival.seconds:.1f} s: {outcome.kib_per_person:.1f} KiB of the relay's memory"
        " for each.",
        "",
        *_beside("they came", outcome.quiet, "they were there", outcome.crowded),
    ]


def storm_lines(outcome: StormOutcome) -> list[str]:
    """Return how a storm went."""
    arrival = outcome.arrival
    where = "one address" if outcome.addresses == 1 else f"{outcome.addresses:,} addresses"
    return [
        f"{outcome.people:,} people from {where} log in at once: all in within"
        f" {arrival.seconds:.1f} s, the slowest after {arrival.slowest_s:.1f} s,"
        f" {arrival.turned_away:,} attempts turned away.",
        "",
        *_beside("the storm", outcome.quiet, "it", outcome.during),
        "",
    ]


def idlers_lines(outcome: IdlersOutcome) -> list[str]:
    """Return what readers cost who do not read."""
    harvest = outcome.harvest
    return [
        f"{outcome.readers} readers who do not read, {outcome.each_bytes // KIB:,} KiB written to"
        f" each within {outcome.written_s:.1f} s ({outcome.refused} refused):"
        f" {outcome.kib_per_reader:.0f} KiB of the relay's memory for each at the most. When they"
        f" read, all came within {harvest.seconds:.1f} s; of {harvest.expected:,} envelopes"
        f" {harvest.lost} were lost and {harvest.disordered} out of order.",
        "",
        *_beside("they wrote", outcome.quiet, "they did", outcome.during),
    ]


def _beside(before: str, quiet: Sample, meanwhile: str, during: Sample) -> list[str]:
    """Return a table of two samples."""
    return [
        "| pairs | canaries answered | p50, p95, p99 in ms | newcomers let in |",
        "|---|---|---|---|",
        _pairs_row(f"before {before}", quiet),
        _pairs_row(f"while {meanwhile}", during),
    ]


def _pairs_row(when: str, sample: Sample) -> str:
    answered = f"{sample.answered:.1%} of {sample.sent}"
    let_in = f"{sample.let_in:.0%} of {sample.came}"
    return (
        f"| {when} | {answered} | {_milliseconds(sample.answers_s, 0.5, 0.95, 0.99)} | {let_in} |"
    )


def _milliseconds(values_s: list[float], *shares: float) -> str:
    return ", ".join(f"{1000 * percentile(values_s, share):.1f}" for share in shares)
