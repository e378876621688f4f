"""What Prometheus reads at /metrics.

No label names a person, a door or a cabinet; sites beyond the first SITES_MAX are one, `other`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from host_tools import __version__
from host_tools.host.figures import FAILED, WAITING, Figures
from host_tools.host.web.settings import Counted

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SITES_MAX = 100
OTHER = "other"


def exposition(found: Figures | None, counted: Counted) -> bytes:
    """The text; without figures of the ledger it says so, and what the server counts itself."""
    registry = CollectorRegistry()
    registry.register(_Once([*_of_server(counted), *(_of_ledger(found) if found else ())], found is not None))
    return generate_latest(registry)


class _Once(Collector):
    """What was found, as a collector."""

    def __init__(self, found: Iterable[Metric], is_readable: bool) -> None:
        up = GaugeMetricFamily("ansim_ledger_up", "Whether the ledger could be read.", value=int(is_readable))
        self._found = [up, *found]

    def collect(self) -> Iterable[Metric]:
        return self._found


def _of_server(counted: Counted) -> Iterator[Metric]:
    yield InfoMetricFamily("ansim_build", "The program that serves.", value={"version": __version__})
    yield CounterMetricFamily(
        "ansim_commits", "Transactions that took what boards have told.", value=counted.commits
    )
    strangers = CounterMetricFamily(
        "ansim_strangers", "What came that is no cabinet's, or too much of one.", labels=["kind"]
    )
    for kind, count in sorted(counted.strangers.items()):
        strangers.add_metric([kind], count)
    yield strangers
    yield CounterMetricFamily("ansim_letters_handed_over", "Taken by channels.", value=counted.handed_over)


def _of_ledger(found: Figures) -> Iterator[Metric]:
    if found.since_ms is not None:
        yield GaugeMetricFamily(
            "ansim_server_start_time_seconds", "When this server began.", value=found.since_ms / 1000
        )
    yield CounterMetricFamily("ansim_events", "Events of boards in the ledger.", value=found.events)
    yield from _links(found)
    cases = GaugeMetricFamily("ansim_cases_open", "Cases that are not closed.", labels=["kind"])
    for kind, count in sorted(found.cases.items()):
        cases.add_metric([kind], count)
    yield cases
    ways = GaugeMetricFamily("ansim_deliveries", "Ways of letters that wait.", labels=["channel", "state"])
    for (channel, state), count in sorted(found.deliveries.items()):
        ways.add_metric([channel, state], count)
    yield ways
    letters = found.letters
    yield GaugeMetricFamily("ansim_letters_waiting", "To be handed over.", value=letters.counts[WAITING])
    yield GaugeMetricFamily("ansim_letters_failed", "Nobody was told.", value=letters.counts[FAILED])
    age_ms = 0 if letters.oldest_ms is None else max(0, found.at_ms - letters.oldest_ms)
    yield GaugeMetricFamily(
        "ansim_letter_oldest_waiting_seconds", "Age of the oldest letter that waits.", value=age_ms / 1000
    )


def _links(found: Figures) -> Iterator[Metric]:
    known = sorted({link.site for link in found.links})[:SITES_MAX]
    states: Counter[tuple[str, str]] = Counter()
    sums = {"behind": Counter[str](), "orders": Counter[str](), "set_aside": Counter[str]()}
    for link in found.links:
        site = link.site if link.site in known else OTHER
        states[site, link.state] += 1
        for name, counts in sums.items():
            counts[site] += getattr(link, name) or 0
    links = GaugeMetricFamily("ansim_links", "Cabinets by the state of their link.", labels=["site", "state"])
    for (site, state), count in sorted(states.items()):
        links.add_metric([site, state], count)
    yield links
    for name, metric, words in (
        ("behind", "ansim_events_behind", "Events that boards have reported and the ledger does not hold."),
        ("orders", "ansim_orders_waiting", "Orders that wait to be carried out."),
        ("set_aside", "ansim_records_set_aside", "Records that nobody has looked at."),
    ):
        family = GaugeMetricFamily(metric, words, labels=["site"])
        for site, count in sorted(sums[name].items()):
            family.add_metric([site], count)
        yield family
