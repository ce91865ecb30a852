# SPDX-License-Identifier: Apache-2.0
"""A model of a feature on a farm: 2,000 shots, three takes each, 50 workers, on a simulated clock.

    python tests/benchmarks/farm_model.py

Prints the table of docs/farm.md. Nothing is run: each take goes through the stations that it goes through in life, and
waits at each until it is free. What a station needs for it was measured on the machine of docs/benchmarks.md (two
cores of a Xeon, other work besides), so hours are an estimate; which station is full first is the answer.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

SHOTS, TAKES, WORKERS = 2_000, 3, 50
SEED = 9

HANDED_OUT = 0.0024  # seconds of the one who hands out, a call: `make bench`, farm
DESK = 0.0235  # seconds of the desk's processor for a take: events, ledger, store, packing (105 takes less 5)
HASHED = 1e9  # bytes a second: what comes back is hashed as it comes, and once more as it is kept
WAIT = (60.0, 240.0)  # seconds at a host
AT_ONCE = 32  # waits at hosts, for a desk
DELIVERED = 2.0e6  # bytes of a host's H.264 for a second of take
USED = 0.9  # of a link's bits


@dataclass(frozen=True)
class Codec:
    """For a second of take at 1080p: bytes, and seconds of a core to perform (talk), conform and review."""

    name: str
    size: float
    perform: float
    conform: float
    review: float


PRORES = Codec("ProRes", 27.7e6, 1.85, 0.84, 0.66)
H264 = Codec("H.264", 0.45e6, 1.07, 0.49, 0.25)


@dataclass(frozen=True)
class Show:
    """One row of the table. `link` is that of the place of exchange, `desk` the desk's own, in bits a second."""

    hosted: float
    codec: Codec
    link: float
    desk: float
    workers: int = WORKERS


@dataclass
class Station:
    """Something that so many takes can use at once; the others wait in turn."""

    places: int
    free: int = field(init=False)
    busy: float = 0.0
    waiting: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.free = self.places


class Clock:
    """Takes go through stations in simulated time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def start(self, steps: Iterator[tuple[Station, float]], then: Callable[[], None]) -> None:
        """A take begins: `steps` are stations with the seconds that it needs there."""

        def go_on() -> None:
            step = next(steps, None)
            if step is None:
                then()
            else:
                station, seconds = step
                station.waiting.append((seconds, go_on))
                self._serve(station)

        go_on()

    def _serve(self, station: Station) -> None:
        while station.free and station.waiting:
            seconds, go_on = station.waiting.popleft()
            station.free -= 1
            station.busy += seconds
            self._at(self.now + seconds, lambda go_on=go_on: self._leave(station, go_on))  # type: ignore[misc]

    def _leave(self, station: Station, go_on: Callable[[], None]) -> None:
        station.free += 1
        self._serve(station)
        go_on()

    def _at(self, when: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (when, self._count, what))

    def run(self) -> float:
        while self._due:
            self.now, _, what = heapq.heappop(self._due)
            what()
        return self.now


def simulate(show: Show) -> tuple[float, dict[str, float]]:
    """Hours until the last take is reviewed, and which part of that time each station was busy."""
    chance = random.Random(SEED)
    head, desk, cores = Station(1), Station(1), Station(show.workers)
    exchange, line, hosts = Station(1), Station(1), Station(AT_ONCE)
    clock = Clock()

    def copied(size: float) -> tuple[Station, float]:
        return exchange, size * 8 / (show.link * USED)

    def steps(seconds: float, hosted: bool) -> Iterator[tuple[Station, float]]:
        codec = show.codec
        size = codec.size * seconds
        if hosted:
            yield hosts, chance.uniform(*WAIT)
            yield line, DELIVERED * seconds * 8 / (show.desk * USED)
            yield copied(DELIVERED * seconds)
        yield head, HANDED_OUT
        if hosted:
            yield copied(DELIVERED * seconds)
        yield cores, seconds * (codec.conform if hosted else codec.perform)
        yield copied(size)  # to the place of exchange, and from there to the desk
        yield copied(size)
        yield line, size * 8 / (show.desk * USED)  # both ways at once
        yield desk, DESK + 2 * size / HASHED
        yield copied(size)  # to the share of the takes, or the place of exchange, and from there to be reviewed
        yield head, HANDED_OUT
        yield copied(size)
        yield cores, seconds * codec.review

    lengths = [min(30.0, chance.lognormvariate(1.35, 0.6)) + 2 / 3 for _ in range(SHOTS)]  # 8 frames at each end
    takes = [(length, chance.random() < show.hosted) for length in lengths for _ in range(TAKES)]
    local = deque(steps(*take) for take in takes if not take[1])

    def begin() -> None:
        if local:
            clock.start(local.popleft(), begin)

    for _ in range(2 * show.workers):  # as many local ones are under way at once
        begin()
    for take in takes:
        if take[1]:
            clock.start(steps(*take), lambda: None)
    hours = clock.run() / 3600
    stations = {"workers": cores, "exchange": exchange, "desk's line": line, "desk": desk, "hosts": hosts, "head": head}
    return hours, {name: each.busy / each.places / hours / 3600 for name, each in stations.items()}


ROWS: Sequence[tuple[str, Show]] = (
    ("local, ProRes, 1 Gbit/s", Show(0, PRORES, 1e9, 1e9)),
    ("local, ProRes, 10 Gbit/s", Show(0, PRORES, 10e9, 10e9)),
    ("local, ProRes, 10 Gbit/s, 200 workers", Show(0, PRORES, 10e9, 10e9, 200)),
    ("local, H.264, 1 Gbit/s", Show(0, H264, 1e9, 1e9)),
    ("local, H.264, 1 Gbit/s, 200 workers", Show(0, H264, 1e9, 1e9, 200)),
    ("half hosted, ProRes, 10 Gbit/s", Show(0.5, PRORES, 10e9, 10e9)),
    ("all hosted, ProRes, 10 Gbit/s", Show(1, PRORES, 10e9, 10e9)),
    ("all hosted, H.264, 1 Gbit/s", Show(1, H264, 1e9, 1e9)),
)


def table() -> str:
    names = ("workers", "exchange", "desk's line", "desk", "hosts", "head")
    lines = [f"| takes, codec, links | hours | {' | '.join(names)} |", "|---|---" + "|---" * len(names) + "|"]
    for what, show in ROWS:
        hours, busy = simulate(show)
        full = max(busy, key=lambda name: busy[name])
        cells = [f"**{busy[name]:.0%}**" if name == full else f"{busy[name]:.0%}" for name in names]
        lines.append(f"| {what} | {hours:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
