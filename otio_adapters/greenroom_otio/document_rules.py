# SPDX-License-Identifier: Apache-2.0
"""What an object of an OTIO document must be, by schema: refused where it would crash or hang a reader, mended
where the meaning is plain (facts: section 8, what a bad .otio does to the process).

A rule gets the object, its label, the whole document (to name the place) and the list of warnings. It returns
whether it mended something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from greenroom_otio.losses import Warnings, warning

__all__ = ["MAX_MEMBERS", "RULES", "Refused"]

MAX_MEMBERS = 200_000  # keys of one object; facts: a million take OTIO 13 seconds
MAX_TIME = 1e15
MAX_RATE = 1e6
_MAX_PADDING = 20  # a frame number has no more digits than a 64-bit integer
_AGAIN = "The file is damaged: export the cut again."

Rule: TypeAlias = Callable[[dict[str, Any], str, Any, Warnings], bool]

# The corners of the colour cube, for Marker.3 whose colour is red, green, blue and a name of its own.
_COLOURS = {
    "BLACK": (0, 0, 0),
    "BLUE": (0, 0, 1),
    "CYAN": (0, 1, 1),
    "GREEN": (0, 1, 0),
    "MAGENTA": (1, 0, 1),
    "ORANGE": (1, 0.5, 0),
    "PINK": (1, 0.5, 0.75),
    "PURPLE": (0.5, 0, 0.5),
    "RED": (1, 0, 0),
    "WHITE": (1, 1, 1),
    "YELLOW": (1, 1, 0),
}


class Refused(ValueError):
    """An object that must not reach OpenTimelineIO. `place` names tracks and clips on the way to it."""

    def __init__(self, message: str, *, hint: str = _AGAIN, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place


def _time(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    """Refuse a time that can't be calculated with. Times in metadata belong to other programs: let be."""
    problem = _problem_of_time(node)
    if problem:
        path = next((path for path, found in _objects(tree) if found is node), ())
        if not any(key == "metadata" for key, _ in path):
            raise Refused(problem, place=_place(path))
    return False


def _problem_of_time(node: dict[str, Any]) -> str:
    rate, value = node.get("rate"), node.get("value")
    if type(rate) not in (int, float) or not 0 < rate < MAX_RATE:  # type: ignore[operator]  # a number by the first half
        return f"A time with the rate {rate!r}"
    if type(value) not in (int, float) or not -MAX_TIME < value < MAX_TIME:  # type: ignore[operator]  # as above
        return f"A time with the value {value!r}"
    return ""


def _place_of(wanted: dict[str, Any], tree: Any) -> str:
    return next((_place(path) for path, node in _objects(tree) if node is wanted), "")


Path: TypeAlias = tuple[tuple[str, dict[str, Any]], ...]  # (key in the parent, the object there), the root first


def _objects(tree: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All objects with the way to them. Slow, so only run once something is wrong."""
    stack: list[tuple[Path, str, Any]] = [((), "", tree)]
    while stack:
        path, key, node = stack.pop()
        if isinstance(node, dict):
            here = (*path, (key, node))
            yield here, node
            stack.extend((here, name, value) for name, value in node.items() if isinstance(value, dict | list))
        elif isinstance(node, list):
            stack.extend((path, key, value) for value in reversed(node) if isinstance(value, dict | list))


def _place(path: Path) -> str:
    """ "track Video 1, clip shot_010": what an editor can find."""
    names = []
    for _, node in path:
        kind = str(node.get("OTIO_SCHEMA", "")).partition(".")[0]
        if kind in {"Track", "Clip", "Stack", "Gap", "Marker", "Transition"} and node.get("name"):
            names.append(f"{kind.lower()} {str(node['name'])[:80]}")
    if any(key == "metadata" for key, _ in path):
        names.append("in metadata")
    return ", ".join(names)


def _fatal(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    raise Refused(
        f"The document holds an object of the kind {label}, which stops OpenTimelineIO",
        hint="Open it in the program that wrote it and export again, without references between objects.",
        place=_place_of(node, tree),
    )


def _timeline(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    if not isinstance(node.get("tracks"), dict):
        raise Refused("A timeline without tracks", place=_place_of(node, tree))
    return False


def _clip(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    references = node.get("media_references")
    if label in {"Clip.0", "Clip.1", "Clip.-1"}:
        if references:
            raise Refused(f"A clip of the old kind {label} with several media references", place=_place_of(node, tree))
        return False
    key = node.get("active_media_reference_key")
    if isinstance(references, dict) and type(key) is str and key in references:
        return False
    if references is not None and not isinstance(references, dict):
        raise Refused("A clip whose media references are no table", place=_place_of(node, tree))
    _mend_active_reference(node, references or {}, key, tree, warnings)
    return True


def _mend_active_reference(
    node: dict[str, Any], references: dict[str, Any], key: Any, tree: Any, warnings: Warnings
) -> None:
    """Facts: OTIO reads a ghost key, then `clip.media_reference` is None and every range fails."""
    if not references:
        references = {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": ""}}
    chosen = "DEFAULT_MEDIA" if "DEFAULT_MEDIA" in references else min(references)
    node["media_references"] = references
    node["active_media_reference_key"] = chosen
    message = f"The clip's active media {key!r} does not exist; {chosen} is used"
    warnings.append(warning("active-media", message, where=_place_of(node, tree), hint="Check the clip's media."))


def _composition(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    for field in ("children", "markers", "effects"):
        values = node.get(field)
        if isinstance(values, list) and None in values:
            raise Refused(f"An empty entry (null) among the {field}", place=_place_of(node, tree))
    return False


def _image_sequence(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    padding, step, rate = (node.get(key, 1) for key in ("frame_zero_padding", "frame_step", "rate"))
    if type(padding) is not int or not 0 <= padding <= _MAX_PADDING:
        raise Refused(f"An image sequence with {padding!r} digits", place=_place_of(node, tree))
    if type(step) is not int or step == 0:
        raise Refused(f"An image sequence with a step of {step!r}", place=_place_of(node, tree))
    if type(rate) not in (int, float) or not 0 < rate < MAX_RATE:
        raise Refused(f"An image sequence at {rate!r} frames a second", place=_place_of(node, tree))
    return False


def _marker(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    """Marker.3 (OTIO 0.19) becomes Marker.2; Resolve's note becomes the comment, where everybody looks for it."""
    changed = False
    if label == "Marker.3":
        node["OTIO_SCHEMA"] = "Marker.2"
        node["color"] = _colour_name(node.get("color"))
        changed = True
    metadata = node.get("metadata")
    resolve = metadata.get("Resolve_OTIO") if isinstance(metadata, dict) else None
    note = resolve.get("Note") if isinstance(resolve, dict) else None
    if isinstance(note, str) and note and not node.get("comment"):
        node["comment"] = note
        changed = True
    return changed


def _colour_name(colour: Any) -> str:
    if isinstance(colour, str):
        return colour
    if not isinstance(colour, dict):
        return "RED"
    name = str(colour.get("name", "")).upper()
    if name in _COLOURS:
        return name
    wanted = [float(colour[key]) if type(colour.get(key)) in (int, float) else 0.0 for key in "rgb"]
    return min(_COLOURS, key=lambda known: _distance(_COLOURS[known], wanted))


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _item(node: dict[str, Any], label: str, tree: Any, warnings: Warnings) -> bool:
    _composition(node, label, tree, warnings)
    return _clip(node, label, tree, warnings) if label.startswith("Clip.") else False


RULES: dict[str, Rule] = {
    "UnknownSchema": _fatal,
    "SerializableObjectRef": _fatal,
    "RationalTime": _time,
    "Timeline": _timeline,
    "Clip": _item,
    "Gap": _item,
    "Track": _composition,
    "Stack": _composition,
    "SerializableCollection": _composition,
    "ImageSequenceReference": _image_sequence,
    "Marker": _marker,
}
