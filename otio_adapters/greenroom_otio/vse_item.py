# SPDX-License-Identifier: Apache-2.0
"""One item of a snapshot as an OTIO clip, and markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any

from greenroom_otio import vse_values as otio_json
from greenroom_otio.losses import Warnings, warning
from greenroom_otio.urls import url_of
from greenroom_otio.vse_fields import Fields, clean_text
from greenroom_otio.vse_values import HOST_KEY, Json

__all__ = ["GENERATORS", "NORMAL", "Cut", "placed_item", "timeline_markers", "unique_uid"]

GENERATORS = {
    "colour": "SolidColor",
    "text": "Text",
    "image": "Still",
    "generator": "Generator",
    "compound": "Compound",
    "transition": "Transition",
    "other": "Other",
}
"""Kinds that hold room without a movie behind them, and what OTIO's generator is called. A still picture is one: a take
may take its place, and no frame of it moves."""

NORMAL = Fraction(1)
_FILES = ("movie", "sound")


@dataclass
class Cut:
    """What the items of a snapshot share while they are read. `origin` is the host's frame at OTIO's 0."""

    rate: Fraction
    origin: int
    warnings: Warnings
    shown: dict[str, int] = field(default_factory=dict)  # item uid -> the take that lies above it
    uids: dict[str, int] = field(default_factory=dict)  # how often each was met

    def __post_init__(self) -> None:
        self.written_rate = float(self.rate)

    def time(self, frames: float) -> Json:
        return otio_json.time(frames, self.written_rate)


@lru_cache(maxsize=4096)
def _url(path: str) -> str:
    """A path as a URL. Cuts play the same files again and again."""
    return url_of(path)


def unique_uid(cut: Cut, item: Fields) -> str:
    """The item's uid. A copy of another item gets one of its own, the same in every read, and is reported."""
    uid = item.text("uid")
    if not uid:
        raise item.wrong("uid", "every item has one")
    count = cut.uids[uid] = cut.uids.get(uid, 0) + 1
    if count == 1:
        return uid
    message = f'"{item.text("name")}" has the id of another item ({uid}): it is a copy'
    hint = "Read the cues again in the host, which gives it an id of its own."
    cut.warnings.append(warning("copied-uid", message, where=_where(item), hint=hint))
    return f"{uid}~{count}"


def _where(item: Fields) -> str:
    return f"{item.where}, frame {item.frame('start')}"


def placed_item(cut: Cut, item: Fields, track_kind: str, index: int, label: str) -> Json:
    """The clip of an item; `track_kind` is that of its OTIO track, `index` the host's own number of its channel."""
    kind = item.text("kind")
    conform, speed = _speeds(cut, item, kind)
    host = _host(cut, item, kind, index)
    start = otio_json.time(item.number("source_start", 0.0), float(item.rate("media_rate") or cut.rate))
    shown = otio_json.time_range(start, cut.time(item.count("frames")))
    effects = [
        *([otio_json.speed(float(conform), "conform")] if conform != NORMAL else []),
        *([otio_json.speed(float(speed), "own")] if speed != NORMAL else []),
        *_gain(item),
    ]
    for said in item.listed("unheld"):
        if isinstance(said, str):
            message = f'"{item.text("name")}": {clean_text(said):.200} is not carried over'
            hint = "Render the clip in place, if it matters to the cue."
            cut.warnings.append(warning("unheld", message, where=_where(item), hint=hint))
    enabled = item.flag("enabled", True) or bool(_greenroom(item).get("muted_by_us"))
    reference = _reference(cut, item, kind, track_kind, conform * speed)
    return otio_json.clip(item.text("name"), shown, reference, enabled, effects, _markers(cut, item, start), host)


def _speeds(cut: Cut, item: Fields, kind: str) -> tuple[Fraction, Fraction]:
    """By how much the host plays the media faster than its own rate, and the constant speed on top of that.

    Blender plays frame for frame: a file of 25 fps in a cut of 24 runs at 24/25. Sound is played in real time.
    """
    own = item.fraction("speed")
    media = item.rate("media_rate")
    frame_for_frame = item.text("plays") == "frames" and kind not in ("sound", *GENERATORS, "missing")
    conform = cut.rate / media if frame_for_frame and media is not None else NORMAL
    return conform, NORMAL if own is None else own


def _greenroom(item: Fields) -> Mapping[str, Any]:
    ours = item.values.get("greenroom")
    return ours if isinstance(ours, Mapping) else {}


def _host(cut: Cut, item: Fields, kind: str, index: int) -> Json:
    """What OTIO has no field for."""
    uid = unique_uid(cut, item)
    host: Json = {"uid": uid, "kind": kind, "track": index}
    if item.text("plays"):
        host["plays"] = item.text("plays")
    media = item.rate("media_rate")
    if media is not None:
        host["media_rate"] = [media.numerator, media.denominator]
    speed = item.fraction("speed")
    if speed is not None:
        host["speed"] = [speed.numerator, speed.denominator]
    if item.values.get("media_frames") is not None:
        host["media_frames"] = item.count("media_frames")
    if item.text("channels"):
        host["channels"] = item.text("channels")
    if kind in GENERATORS and item.text("media"):
        host["media"] = item.text("media")
    unheld = [clean_text(each) for each in item.listed("unheld") if isinstance(each, str)]
    if unheld:
        host["unheld"] = unheld
    ours = {key: value for key in _OURS if (value := _kept(_greenroom(item).get(key))) is not None}
    if ours:
        host["greenroom"] = ours
    if not item.flag("enabled", True):
        host["enabled"] = False
    if uid in cut.shown:
        host["shown_take"] = cut.shown[uid]
    return host


def _kept(value: Any) -> Any:
    """A value that OpenTimelineIO's metadata can hold; None for what nobody meant."""
    if isinstance(value, str):
        return clean_text(value)
    return value if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 1 << 62) else None


_OURS = ("role", "cue", "take", "of", "muted_by_us")


def _gain(item: Fields) -> list[Json]:
    """A constant gain, as the FCP7 adapter writes it: what reads it there reads it here, and an export keeps it."""
    gain = item.number("gain", 1.0)
    if gain == 1.0:
        return []
    level = {"parameterid": "level", "name": "Level", "value": repr(gain)}
    fcp = {"effectid": "audiolevels", "effectcategory": "audiolevels", "effecttype": "audiolevels", "parameter": level}
    return [
        {
            "OTIO_SCHEMA": "Effect.1",
            "metadata": {"fcp_xml": {**fcp, "mediatype": "audio"}, HOST_KEY: {"gain": gain}},
            "name": "Audio Levels",
            "effect_name": "Audio Levels",
            "enabled": True,
        }
    ]


def _reference(cut: Cut, item: Fields, kind: str, track_kind: str, speed: Fraction) -> Json:
    if kind in GENERATORS and track_kind == "video":
        return otio_json.generator(GENERATORS[kind])
    media = item.text("media")
    if kind == "images" and item.values.get("sequence"):
        return _images(cut, item, speed)
    if kind == "missing" or not media:
        return otio_json.missing(media)
    return otio_json.external(_url(media), _available(cut, item, speed))


def _available(cut: Cut, item: Fields, speed: Fraction) -> Json:
    """What the file has. Where the host doesn't know, as much as is shown of it: without a range the start would
    count as timecode.
    """
    rate = item.rate("media_rate") or cut.rate
    frames = item.count("media_frames", 0) if item.values.get("media_frames") is not None else 0
    if not frames:
        shown = Fraction(item.count("frames")) * rate * abs(speed) / cut.rate
        frames = max(1, ceil(Fraction(item.number("source_start", 0.0)) + shown))
    written = float(rate)
    return otio_json.time_range(otio_json.time(0, written), otio_json.time(frames, written))


def _images(cut: Cut, item: Fields, speed: Fraction) -> Json:
    fields = Fields(item.values["sequence"], _where(item))
    sequence = {
        "prefix": fields.text("prefix"),
        "suffix": fields.text("suffix"),
        "first": fields.frame("first", 0),
        "padding": fields.count("padding", 0),
    }
    folder = fields.text("folder")
    rate = float(item.rate("media_rate") or cut.rate)
    base = _url(folder).rstrip("/") + "/" if folder else ""
    return otio_json.images(base, sequence, rate, _available(cut, item, speed))


def _markers(cut: Cut, item: Fields, start: Json) -> list[Json]:
    """The note first, then the item's own markers. OTIO counts them in the clip's source time."""
    note = item.text("note")
    made = []
    if note:
        marked = otio_json.time_range(start, cut.time(1))
        made.append(otio_json.marker(note, "", "", marked, {"note": True}))
    for each in item.listed("markers"):
        fields = Fields(each, _where(item))
        frame = fields.frame("frame")
        at = start["value"] * cut.written_rate / start["rate"] + frame - item.frame("start")
        made.append(_marker(cut, fields, at, frame))
    return made


def _marker(cut: Cut, fields: Fields, at: float, frame: int) -> Json:
    marked = otio_json.time_range(cut.time(at), cut.time(max(1, fields.count("frames", 1))))
    host = {"frame": frame, "frames": fields.count("frames", 1), "colour": fields.text("colour")}
    return otio_json.marker(fields.text("name"), fields.text("note"), fields.text("colour").upper(), marked, host)


def timeline_markers(cut: Cut, snapshot: Mapping[str, Any]) -> list[Json]:
    """The markers of the timeline, which OTIO counts from its own start."""
    return list(_timeline_markers(cut, Fields(snapshot, "the timeline")))


def _timeline_markers(cut: Cut, fields: Fields) -> Iterator[Json]:
    for each in fields.listed("markers"):
        one = Fields(each, "the timeline's markers")
        frame = one.frame("frame")
        yield _marker(cut, one, frame - cut.origin, frame)
