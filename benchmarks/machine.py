"""The machine a figure was measured on, in one line."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["describe_machine"]


def describe_machine() -> str:
    """Processor, cores and Python, such as ``AMD EPYC, 2 cores, Linux x86_64, Python 3.11.7``."""
    name = platform.processor() or "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    cores = os.cpu_count() or 1
    return f"{name}, {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
