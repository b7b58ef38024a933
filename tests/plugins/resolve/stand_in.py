"""Stands in for dubkit: takes a job and answers as ``dubkit host-run`` does, with files that say how long they are."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

JOB = Path(sys.argv[2])
assert sys.argv[1] == "host-run"
job = json.loads(JOB.read_text("utf-8"))
output = Path(job["output"])


def say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


sys.stdout.write("noise: not one of ours\n")
say(event="hello", protocol=1, job=job["id"])
if job["language"] == "xx":
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(130)), daemon=True).start()  # the editor is gone
    (output / "waiting").write_text(str(os.getpid()), "utf-8")
    while not (output / "cancel").exists():
        time.sleep(0.05)
    sys.exit(130)
clips = []
for number, clip in enumerate(job["clips"], 1):
    frames = clip["end"] - clip["start"]
    say(event="progress", stage="lips", done=number, total=len(job["clips"]), fraction=number / len(job["clips"]))
    entry = {
        "key": clip["key"],
        "number": number,
        "status": "done",
        "reason": "",
        "notes": [f"note on {number}"],
        "start": clip["start"],
        "frames": frames,
        "tag": f"dubkit/1/{job['language']}/{job['id']}/{number}",
        "picture": str(output / f"{number}.mov"),
        "sound": str(output / f"{number}.wav"),
    }
    for name in ("picture", "sound"):
        Path(str(entry[name])).write_text(str(frames), "utf-8")
    clips.append(entry)
result = {"version": 1, "job": job["id"], "exit_code": 0, "clips": clips, "notes": []}
(output / "result.json").write_text(json.dumps(result), "utf-8")
say(event="result", ok=True, exit_code=0, result=str(output / "result.json"), clips={"done": len(clips)})
