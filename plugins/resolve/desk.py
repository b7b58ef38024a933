"""Started by the Lua of the free edition in the Python in which dubkit is: ``python desk.py ORDER.json``.

``python desk.py --cancel FOLDER`` asks the dubs that are under way to stop.
"""

import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def beat() -> None:
    """Say something every second, so that the end of the pipe is noticed when the editor is gone."""
    while True:
        time.sleep(1)
        say("")


def say(line: str) -> None:
    """Write a line for the script that reads; a script that is gone ends this program, and dubkit with it."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        os._exit(130)  # dubkit's input ends with this process, and so does dubkit


if __name__ == "__main__":
    sys.path.insert(0, str(PACKAGE.parent))
    threading.Thread(target=beat, daemon=True).start()
    dubbing = import_module(f"{PACKAGE.name}.resolve.dubbing")
    if sys.argv[1] == "--cancel":
        dubbing.cancel_dubs(Path(sys.argv[2]))
    else:
        dubbing.answer_order(Path(sys.argv[1]), say)
