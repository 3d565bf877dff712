# SPDX-License-Identifier: BSD-2-Clause
"""What samples say: median, 99th percentile, spread; and whether two lots of them differ by more than chance."""

import math
import statistics
from dataclasses import dataclass
from functools import lru_cache

EXACT = 25              # samples of a lot up to which the rank test counts all cases


@dataclass(frozen=True)
class Summary:
    """Of one lot of samples. SPREAD is the median distance from the median."""
    count: int
    median: float
    p99: float
    spread: float


def summary(values):
    """The Summary of VALUES, of which there is at least one."""
    middle = statistics.median(values)
    return Summary(len(values), middle, percentile(values, 99), statistics.median(abs(value - middle) for value in values))


def percentile(values, percent):
    """The smallest of VALUES that PERCENT of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@lru_cache(maxsize=None)
def _ways(few, many, total):
    """In how many orders of FEW and MANY samples just TOTAL pairs have the one of FEW above."""
    if total < 0:
        return 0
    if not few or not many:
        return int(total == 0)
    return _ways(few - 1, many, total - many) + _ways(few, many - 1, total)


def chance_that_no_greater(old, new):
    """How likely NEW would lie as far above OLD as it does if chance alone parted them (Mann and Whitney's U, one-sided)."""
    above = sum((one > other) + (one == other) / 2 for one in new for other in old)
    pairs = len(old) * len(new)
    if max(len(old), len(new)) <= EXACT:
        # Half a pair, of equal samples, counts against a difference.
        most = sum(_ways(len(new), len(old), total) for total in range(math.floor(above), pairs + 1))
        return most / math.comb(len(old) + len(new), len(new))
    deviation = math.sqrt(pairs * (len(old) + len(new) + 1) / 12)
    return 0.5 * math.erfc((above - 0.5 - pairs / 2) / deviation / math.sqrt(2))
