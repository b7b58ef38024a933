"""Seconds that ``import dubkit`` adds to starting Python: ``python -m benchmarks.import_time``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import describe_machine

_TIMES = 9
_RESULT = Path(__file__).parent / "results" / "import_time.json"


def seconds(code: str) -> float:
    """Median wall time of a fresh Python that runs ``code``."""
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    """Measure, print and write the figures."""
    bare, light, whole = (seconds(code) for code in ("pass", "import dubkit", "import dubkit; dubkit.dub"))
    figures = {
        "machine": describe_machine(),
        "python": round(bare, 3),
        "import dubkit": round(light - bare, 3),
        "import dubkit; dubkit.dub": round(whole - bare, 3),
    }
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
