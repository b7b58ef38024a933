# SPDX-License-Identifier: GPL-3.0-or-later
"""A dub looks as its original does: size, place, crop, colours and blending are copied from strip to strip."""

from __future__ import annotations

from typing import Any

__all__ = ["copy_look"]

_OWN = (
    *("blend_type", "blend_alpha", "color_multiply", "color_saturation", "multiply_alpha", "alpha_mode"),
    *("use_flip_x", "use_flip_y", "use_float", "strobe", "color_tag"),
)
_PARTS = {
    "transform": ("scale_x", "scale_y", "offset_x", "offset_y", "rotation", "filter", "origin"),
    "crop": ("min_x", "max_x", "min_y", "max_y"),
    "colorspace_settings": ("name",),
}


def copy_look(source: Any, target: Any) -> tuple[str, ...]:
    """Let ``target`` look as ``source`` does; a sentence for each thing that Blender's data do not let us copy."""
    _copy(source, target, _OWN)
    for part, names in _PARTS.items():
        given, taken = getattr(source, part, None), getattr(target, part, None)
        if given is not None and taken is not None:
            _copy(given, taken, names)
    modifiers = [modifier.name for modifier in getattr(source, "modifiers", ())]
    if not modifiers:
        return ()
    return (f"{target.name} does not have the modifiers of {source.name} ({', '.join(modifiers)}); copy them over",)


def _copy(source: Any, target: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if hasattr(source, name) and hasattr(target, name):
            setattr(target, name, getattr(source, name))
