"""All odd files, each with what is expected of it."""

from __future__ import annotations

from tests.zoo.clocks import CLOCKS
from tests.zoo.codecs import CODECS
from tests.zoo.colours import COLOURS
from tests.zoo.damage import DAMAGE
from tests.zoo.shapes import SHAPES
from tests.zoo.tracks import TRACKS

__all__ = ["ZOO"]

ZOO = (*SHAPES, *CLOCKS, *COLOURS, *TRACKS, *CODECS, *DAMAGE)
