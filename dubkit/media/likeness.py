"""Options that make an encoder write as the source was written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from av.codec import Codec
from av.codec.context import CodecContext, Flags
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from dubkit.media.bits import Bits, bits_of
from dubkit.media.clock import OutputClock
from dubkit.media.encoders import PicturePlan
from dubkit.media.hdr import joined_options
from dubkit.media.nal import unit_type
from dubkit.media.opening import opened, picture_stream
from dubkit.media.packets import CopyRefusedError, stored_packets
from dubkit.media.parameter_sets import HEVC_IDS, StoredSets, set_ids, stored_sets
from dubkit.media.picture_encoder import set_up
from dubkit.schema import VideoInfo

__all__ = ["h264_sequence", "hevc_lossless", "like_source", "near_source", "opened_encoder"]

_PRORES = {"Proxy": "proxy", "LT": "lt", "Standard": "standard", "HQ": "hq", "4444": "4444", "XQ": "4444xq"}
_DNXHR = {f"DNXHR {name.upper()}": f"dnxhr_{name}" for name in ("lb", "sq", "hq", "hqx", "444")}
_DNXHD_MEGABITS = {1235: 175, 1237: 115, 1238: 175, 1250: 90, 1251: 90, 1252: 60, 1253: 36, 1258: 42, 1259: 63}
"""SMPTE ST 2019-1: compression ID, and a rate by which FFmpeg's encoder finds it."""
_DNXHD_ID = slice(0x28, 0x2C)
_FFV1_SLICES = (0, 4, 6, 9, 12, 15, 16, 20, 24, 30)
_FFV1_CODERS = ("rice", "range_def", "ac", "range_tab")
_JPEG_STEP = 263.25
"""Sum of the steps of a JPEG's first table, its first left out, by which FFmpeg's quantiser grows by one."""
_DQT = b"\xff\xdb"
_H264_PROFILES = {"66": "baseline", "77": "main", "100": "high", "110": "high10", "122": "high422", "244": "high444"}
_H264_SPS, _HEVC_PPS = 7, 34
_REFERENCES = 4
"""Pictures that x264 looks back to at most; more take long and help little."""
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def like_source(path: Path, video: VideoInfo, plan: PicturePlan, delay: int) -> PicturePlan:
    """``plan`` with the options by which what is encoded can stand beside the packets of ``path``.

    Args:
        path: The source.
        video: Its picture.
        plan: How frames are encoded without regard to it.
        delay: How many packets a packet may be stored later than it is shown.

    Raises:
        CopyRefusedError: if what the source was written with cannot be told, or cannot be done.
        MediaError: if it cannot be read.
    """
    if Codec(plan.encoder, "w").canonical_name != video.codec:
        raise CopyRefusedError(f"it was {video.codec} and becomes {plan.encoder}")
    stream, packet = next(stored_packets(path), (None, None))
    if stream is None or packet is None:
        raise CopyRefusedError("the file has no packets")
    context, data = stream.codec_context, bytes(packet)
    options: Mapping[str, str] = {}
    if video.codec == "prores":
        options = {"profile": _known(_PRORES, str(context.profile), "ProRes profile")}
    elif video.codec == "dnxhd":
        options = _like_dnxhd(str(context.profile), data)
    elif video.codec == "mjpeg":
        quantiser = str(_jpeg_quantiser(data))
        options = {"qmin": quantiser, "qmax": quantiser}
    elif video.codec == "ffv1":
        options = _like_ffv1(video, plan, context.extradata or b"")
    elif video.codec == "h264":
        options = _like_h264(plan, _sets(context, "h264"), delay)
    elif video.codec == "hevc":
        options = _like_hevc(_sets(context, "hevc"), delay)
    merged = joined_options(plan.options, options)
    if merged.get("qp") == "0":
        merged.pop("crf", None)
    return replace(plan, options=merged)


def near_source(path: Path, video: VideoInfo, plan: PicturePlan) -> PicturePlan:
    """``plan`` with what can be had of :func:`like_source` for a picture that is encoded as a whole; else as it is.

    Raises:
        MediaError: if the source cannot be read.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        delay = int(stream is not None and stream.codec_context.has_b_frames)
    try:
        like = like_source(path, video, plan, delay)
    except CopyRefusedError:
        return plan
    # Only copied groups must find room for as many references as the source has; a quarter more time buys 1 % of size.
    kept = {name: value for name, value in like.options.items() if name != "refs" or name in plan.options}
    return replace(like, options=kept)


def opened_encoder(video: VideoInfo, plan: PicturePlan, clock: OutputClock, *, apart: bool) -> VideoCodecContext:
    """The encoder of ``plan``, ready for frames.

    Args:
        video: The picture as it will be given.
        plan: How it is to be encoded.
        clock: When frames are shown.
        apart: Whether what a decoder must know beforehand is to stand apart from the packets.

    Raises:
        CopyRefusedError: if it cannot be opened.
    """
    context = CodecContext.create(plan.encoder, "w")
    assert isinstance(context, VideoCodecContext)
    set_up(context, video, plan, clock.time_base)
    context.framerate = video.rate.fps
    options = dict(plan.options)
    context.bit_rate = int(options.pop("b", 0))
    if apart:
        context.flags |= Flags.global_header
    context.options.update(options)
    try:
        context.open()
    except (FFmpegError, ValueError) as error:
        raise CopyRefusedError(f"{plan.encoder} cannot be set up as the source was written") from error
    return context


def _known(table: Mapping[str, str], name: str, what: str) -> str:
    if name not in table:
        raise CopyRefusedError(f"its {what} ({name}) is not one that can be written")
    return table[name]


def _like_dnxhd(profile: str, packet: bytes) -> dict[str, str]:
    if profile in _DNXHR:
        return {"profile": _DNXHR[profile]}
    number = int.from_bytes(packet[_DNXHD_ID], "big")
    if number not in _DNXHD_MEGABITS:
        raise CopyRefusedError(f"its DNxHD compression ID ({number}) is not one that can be written")
    return {"profile": "dnxhd", "b": str(_DNXHD_MEGABITS[number] * 1_000_000)}


def _jpeg_quantiser(packet: bytes) -> int:
    at = packet.find(_DQT)
    if at < 0 or packet[at + 4] or len(packet) < at + 69:
        raise CopyRefusedError("its JPEGs have no table of 8 bits to go by")
    return min(31, max(1, round(sum(packet[at + 6 : at + 69]) / _JPEG_STEP)))


def _like_ffv1(video: VideoInfo, plan: PicturePlan, extradata: bytes) -> dict[str, str]:
    """The options that give the very description of the track that the source has: without that, nothing decodes."""
    clock = OutputClock(video, numbered=True)
    for options in _ffv1_options(older=not extradata):
        encoder = opened_encoder(video, replace(plan, options={**plan.options, **options}), clock, apart=False)
        if (encoder.extradata or b"") == extradata:
            return options
    raise CopyRefusedError("its kind of FFV1 is not one that can be written")


def _ffv1_options(*, older: bool) -> Iterator[dict[str, str]]:
    if older:
        yield {"level": "1", "slicecrc": "0"}
        return
    for slices, coder, check in itertools.product(_FFV1_SLICES, _FFV1_CODERS, ("1", "0")):
        yield {"slices": str(slices), "coder": coder, "slicecrc": check}


def _sets(context: VideoCodecContext, codec: str) -> StoredSets:
    try:
        return stored_sets(context.extradata or b"", codec)
    except ValueError as error:
        raise CopyRefusedError(f"the file holds {error}") from error


def _like_h264(plan: PicturePlan, sets: StoredSets, delay: int) -> dict[str, str]:
    try:
        ids = set_ids(sets.units, "h264")
        profile, lossless, references = h264_sequence(next(u for u in sets.units if unit_type(u, "h264") == _H264_SPS))
    except (StopIteration, ValueError):
        raise CopyRefusedError("its parameter sets cannot be read") from None
    free = next((n for n in range(1, 32) if n not in ids.sequence and n not in ids.picture), 0)
    if not free:
        raise CopyRefusedError("all numbers of parameter sets are taken")
    options = {
        # Decoders may throw away what they hold where a picture comes that needs more or less room (H.264, C.4.4).
        "x264-params": f"sps-id={free}:dpb-size={max(1, references)}",
        "forced-idr": "1",
        "refs": str(max(1, min(_REFERENCES, references))),
        "bf": "3" if delay else "0",
        "b-pyramid": "normal" if delay > 1 else "none",
        "profile": "high444" if lossless else _known(_H264_PROFILES, str(profile), "H.264 profile"),
    }
    if plan.encoder == "libx264rgb":
        options.pop("profile")
    return options | ({"qp": "0"} if lossless else {})


def h264_sequence(unit: bytes) -> tuple[int, bool, int]:
    """Profile, whether nothing is lost, and reference frames, of a sequence parameter set (H.264, 7.3.2.1.1).

    Raises:
        ValueError: if it is cut off.
    """
    profile, bits = unit[1], Bits(bits_of(unit[4:]))
    bits.ue()
    lossless = False
    if profile in _WITH_CHROMA:
        full = bits.ue() == 3
        bits.u(int(full))
        bits.ue()
        bits.ue()
        lossless = bool(bits.u(1))
        if bits.u(1):
            for number in range(12 if full else 8):
                if bits.u(1):
                    _pass_scaling(bits, 16 if number < 6 else 64)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()
    return profile, lossless, bits.ue()


def _pass_scaling(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se() + 256) % 256
        last = following or last


def _like_hevc(sets: StoredSets, delay: int) -> dict[str, str]:
    try:
        ids = set_ids(sets.units, "hevc")
    except ValueError as error:
        raise CopyRefusedError(f"the file holds {error}") from error
    if ids.video & HEVC_IDS.video or ids.sequence & HEVC_IDS.sequence or ids.picture & HEVC_IDS.picture:
        raise CopyRefusedError("the numbers of parameter sets that are needed are taken")
    ours = f"open-gop=0:bframes={3 if delay else 0}:b-pyramid={int(delay > 1)}"
    try:
        if any(hevc_lossless(unit) for unit in sets.units if unit_type(unit, "hevc") == _HEVC_PPS):
            ours += ":lossless=1"
    except ValueError as error:
        raise CopyRefusedError(f"the file holds {error}") from error
    return {"x265-params": ours, "forced-idr": "1"}


def hevc_lossless(unit: bytes) -> bool:
    """Whether pictures of a picture parameter set may go without transform and quantiser (H.265, 7.3.2.3.1).

    Raises:
        ValueError: if it is cut off.
    """
    bits = Bits(bits_of(unit[2:]))
    bits.ue()
    bits.ue()
    bits.u(1 + 1 + 3 + 1 + 1)
    bits.ue()
    bits.ue()
    bits.se()
    bits.u(1 + 1)
    if bits.u(1):
        bits.ue()
    bits.se()
    bits.se()
    bits.u(1 + 1 + 1)
    return bool(bits.u(1))
