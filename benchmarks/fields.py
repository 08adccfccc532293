"""Benchmark of fields: what every statistic and every ensemble costs.

Part `statistics`: each statistic of `scorelet field compare` on 100 log-normal maps of 256 x 256,
errors over fields included. Part `ensembles`: each ensemble of `scorelet field simulate`.
"""

import sys
import time

from measure import Row, alternate, quartiles
from program import run_parts

from scorelet.analysis.field_statistics import STATISTICS
from scorelet.data.fields.ensembles import ENSEMBLES, ensemble

PACKAGES = ("scorelet", "torch", "numpy", "numba")


def measure_statistics(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows with the seconds of each statistic."""
    count, size = (4, 64) if quick else (100, 256)
    fields = ensemble("log_normal").sample(count, size, 0)
    calls = {
        name: lambda measure=kind.measure: measure(fields) for name, kind in STATISTICS.items()
    }
    rows = []
    for name, values in alternate(calls, rounds=1 if quick else 3).items():
        seconds = quartiles(values)
        row = {"statistic": name, "fields": f"{count} of {size}x{size}", "seconds": seconds.median}
        rows.append(row | {"seconds_low": seconds.low, "seconds_high": seconds.high})
    return {"rows": rows}


def measure_ensembles(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows with the seconds that one call for 64 fields of 128 x 128 takes."""
    count, size = (2, 32) if quick else (64, 128)
    rows = []
    for name in ENSEMBLES:
        law = ensemble(name)
        law.sample(1, 32, 0)  # compiles what is compiled
        start = time.perf_counter()
        law.sample(count, size, 1)
        seconds = time.perf_counter() - start
        rows.append({"ensemble": name, "fields": f"{count} of {size}x{size}", "seconds": seconds})
    return {"rows": rows}


if __name__ == "__main__":
    measures = {"statistics": measure_statistics, "ensembles": measure_ensembles}
    sys.exit(run_parts("fields", measures, PACKAGES, __doc__ or ""))
