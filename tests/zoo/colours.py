"""Every kind of pixel: gray, RGB, palettes, opacity, many bits, full range, HDR, and colours nobody names."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import VideoReformatter

from dubkit.media.pixels import describe_format, plane_format, video_frame
from dubkit.schema import ColourTags
from tests.media.repacked import MILLI
from tests.media.zoo import MUXERS
from tests.zoo.animal import FRAMES, Animal, calm_frame, film
from tests.zoo.shapes import GROUPS, STILL

MASTERED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
HEVC = "log-level=none:open-gop=0:scenecut=0:keyint=5:min-keyint=5"


def interleaved(codec: str, name: str, **options: str) -> Callable[[Path], object]:
    """A film in a format whose samples are stored side by side, drawn in planes."""

    def write(path: Path) -> None:
        native = plane_format(name).name
        with av.open(str(path), "w", format=MUXERS[path.suffix]) as container:
            stream = container.add_stream(codec, Fraction(25), options=options)
            assert isinstance(stream, av.VideoStream)
            context = stream.codec_context
            context.width, context.height, context.pix_fmt, context.time_base = 64, 64, name, Fraction(1, 25)
            for index in range(FRAMES):
                drawn = video_frame(calm_frame(native, 64, 64, index, index))
                packed = VideoReformatter().reformat(drawn, format=name, threads=1)
                packed.pts, packed.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(packed))
            container.mux(stream.encode(None))

    return write


def still(name: str, codec: str = "ffv1", **recipe: object) -> Callable[[Path], object]:
    return film(**{**STILL, "codec": codec, "name": name, **recipe})


def coloured(*tags: int, full: bool = False, **recipe: object) -> Callable[[Path], object]:
    return film(colour=ColourTags(tags[0], tags[1], tags[2], full), **({"options": GROUPS} | recipe))


COLOURS = (
    Animal("gray.mkv", still("gray"), kept=11),
    Animal("gray, ten bits.mkv", still("gray10le"), kept=11),
    Animal("gray.mp4", film(name="gray", options=GROUPS), kept=10),
    Animal("rgb.mp4", film(codec="libx264rgb", name="rgb24", options=GROUPS), kept=10),
    Animal("planar rgb, ten bits.mkv", still("gbrp10le"), kept=11),
    Animal("rgb, sixteen bits.mkv", still("gbrp16le"), kept=11),
    Animal("png rgb48.mov", interleaved("png", "rgb48be"), kept=11),
    Animal(
        "palette.gif",
        film(codec="gif", name="gray", time_base=Fraction(1, 100)),
        result=".mp4",
        differs={
            "pixel_format": describe_format("gbrp"),
            "colour": ColourTags(matrix=0, full_range=True),
            "codec": "hevc",
        },
        because="the result is another kind of file than the source",
        says=(
            "the picture's format gbrap was written as gbrp: the opacity is left out",
            "the picture was gif and was written as hevc",
        ),
    ),
    Animal("bgr.avi", interleaved("rawvideo", "bgr24"), kept=11),
    Animal("uyvy.mov", interleaved("rawvideo", "uyvy422"), kept=11),
    Animal("v210.mov", film(codec="v210", name="yuv422p10le"), kept=11),
    Animal(
        "4444 with opacity.mov",
        film(codec="prores_ks", name="yuva444p10le", options={"profile": "4444", "alpha_bits": "16"}),
        kept=11,
        says=("the picture's format yuva444p12le was written as yuva444p10le: 12 bits were rounded to 10",),
    ),
    Animal(
        "opacity to mp4.mov",
        film(codec="prores_ks", name="yuva444p10le", options={"profile": "4444", "alpha_bits": "16"}),
        result=".mp4",
        least=25,
        differs={"pixel_format": describe_format("yuv444p12le"), "codec": "hevc"},
        because="it was prores and becomes libx265",
        says=(
            "the picture's format yuva444p12le was written as yuv444p12le: the opacity is left out",
            "the picture was prores and was written as hevc",
        ),
    ),
    Animal(
        "opacity.webm",
        film(
            codec="libvpx-vp9",
            name="yuva420p",
            time_base=MILLI,
            options={"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"},
        ),
        because="packets of vp9 cannot be told apart by what they show",
        says=("the opacity of the picture is left out: it is stored beside it, where it is not decoded",),
    ),
    Animal("argb.mov", interleaved("qtrle", "argb"), because="packets of qtrle cannot be told apart by what they show"),
    Animal("opacity.mkv", still("yuva420p"), kept=11),
    Animal("twelve bits.mkv", still("yuv420p12le"), kept=11),
    Animal("twelve bits.mp4", film(codec="libx265", name="yuv420p12le", options={"x265-params": HEVC}), kept=10),
    Animal("sixteen bits.mkv", still("yuv444p16le"), kept=11),
    Animal("4:1:1.mkv", still("yuv411p"), kept=11),
    Animal("4:1:0.mkv", still("yuv410p"), kept=11),
    Animal("4:4:0.mkv", still("yuv440p"), kept=11),
    Animal("full range.mp4", coloured(1, 1, 1, full=True), {"colour": ColourTags(1, 1, 1, True)}, kept=10),
    Animal("601.mov", coloured(6, 6, 6), {"colour": ColourTags(6, 6, 6, False)}, kept=10),
    Animal("PAL colours.mp4", coloured(5, 6, 5), {"colour": ColourTags(5, 6, 5, False)}, kept=10),
    Animal(
        "PQ, mastered.mp4",
        coloured(9, 16, 9, codec="libx265", name="yuv420p10le", options={"x265-params": f"{HEVC}:hdr10=1:{MASTERED}"}),
        kept=10,
    ),
    Animal(
        "PQ in one group.mp4",
        coloured(
            9,
            16,
            9,
            codec="libx265",
            name="yuv420p10le",
            options={"x265-params": f"log-level=none:open-gop=0:hdr10=1:{MASTERED}"},
        ),
        because="no group of pictures but the first can stand alone",
    ),
    Animal("HLG.mov", coloured(9, 18, 9, codec="prores_ks", name="yuv422p10le", options={"profile": "hq"}), kept=11),
    Animal("unnamed colours.mp4", film(options=GROUPS), {"colour": ColourTags()}, kept=10),
    Animal("YCgCo.mp4", film(name="yuv444p", options={**GROUPS, "x264-params": "colormatrix=YCgCo"}), refused="YCgCo"),
    Animal("constant luminance.mp4", coloured(9, 14, 10), {"colour": ColourTags(9, 14, 10, False)}, kept=10),
)
