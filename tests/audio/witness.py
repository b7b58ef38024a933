"""FFmpeg's ebur128 as a second, independent meter."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

__all__ = ["ffmpeg_loudness"]

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def ffmpeg_loudness(samples: npt.NDArray[np.float32], sample_rate: int = 48_000) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP) of (channels, n) samples."""
    layout = _LAYOUTS[len(samples)]
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="fltp", layout=layout)
    meter = graph.add("ebur128", "metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    loudness, peak = -70.0, 0.0
    for start in range(0, samples.shape[1], sample_rate // 10):
        part = np.ascontiguousarray(samples[:, start : start + sample_rate // 10])
        frame = av.AudioFrame.from_ndarray(part, "fltp", layout)
        frame.sample_rate, frame.pts = sample_rate, start
        source.push(frame)
        while True:
            try:
                heard = sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            loudness = float(heard.metadata.get("lavfi.r128.I", loudness))
            found = [float(v) for k, v in heard.metadata.items() if k.startswith("lavfi.r128.true_peaks_ch")]
            peak = max([peak, *found])
    return loudness, 20 * float(np.log10(max(peak, 1e-10)))
