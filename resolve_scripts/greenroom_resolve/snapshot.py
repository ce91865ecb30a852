# SPDX-License-Identifier: Apache-2.0
"""The timeline as the plain JSON that `greenroom host` reads (docs/host-protocol.md).

An item that shows a take of ours is told as the stand-in that it was: the first take of its selector that isn't ours.
Our clips on the track Greenroom have the role of takes; what they cover counts as switched on.
"""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

from greenroom_resolve import frames
from greenroom_resolve.calling import flag, has, number, table
from greenroom_resolve.cut import Cut, Item, Track, is_ours, our_tag, speed_of
from greenroom_resolve.rendering import Rendered, unreadable

__all__ = ["MARK", "covered_by", "is_offline", "snapshot_of"]

Json = Dict[str, Any]

MARK = "greenroom:"  # what a marker's customData begins with
_SEQUENCE = re.compile(r"^(.*)\[(\d+)-(\d+)\](.*)$")
_COMPOUND = ("Compound", "Timeline", "Multicam", "Fusion")
_TITLES = ("Text", "Title", "Scroll")


def snapshot_of(cut: Cut, rendered: Sequence[Rendered] = ()) -> Json:
    """`rendered`: sound that Resolve rendered of clips that are in no file; it stands for them."""
    host = {"name": "resolve", "version": cut.program.version, "document": ""}
    timeline = {
        "uid": cut.uid,
        "name": cut.name,
        "rate": [cut.rate.numerator, cut.rate.denominator],
        "start": cut.start,
        "start_timecode": cut.start_timecode,
        "drop_frame": cut.drop_frame,
        "size": cut.size,
    }
    return {
        "greenroom": "snapshot",
        "schema": 1,
        "host": host,
        "timeline": timeline,
        "tracks": [*(_track(cut, track, rendered) for track in cut.tracks), *_rendered_track(cut, rendered)],
        "markers": [_marker(cut.start, offset, marker) for offset, marker in sorted(cut.markers().items())],
    }


def covered_by(cut: Cut, take: Item) -> Optional[Item]:
    """What a clip of ours on the track Greenroom stands for: the item with its cue's mark, else the one just below."""
    cue = our_tag(take.media).get("cue")
    below = [
        item
        for track in cut.tracks
        if track.kind == "video" and not track.ours and track.index < take.track.index
        for item in track.items
        if item.start < take.end and take.start < item.end and not item.is_transition
    ]
    marked = [item for item in below if _has_mark(item, cue)]
    same = [item for item in below if (item.start, item.frames) == (take.start, take.frames)]
    return next(iter(marked + same[::-1]), None)


def _has_mark(item: Item, cue: Any) -> bool:
    return bool(cue) and any(marker.get("customData") == MARK + cue for marker in item.markers().values())


def _rendered_track(cut: Cut, rendered: Sequence[Rendered]) -> Iterator[Json]:
    if rendered:
        index = 1 + sum(1 for track in cut.tracks if track.kind == "audio")
        made = [_sound(cut, each) for each in rendered]
        yield {"kind": "audio", "index": index, "name": "Greenroom dialogue", "items": made}


def _sound(cut: Cut, each: Rendered) -> Json:
    rate = [cut.rate.numerator, cut.rate.denominator]
    made = {"uid": each.path.stem, "name": each.path.name, "kind": "sound", "plays": "time", "media": str(each.path)}
    place = {"start": each.start, "frames": each.frames, "source_start": 0, "media_rate": rate, "speed": [1, 1]}
    return dict(made, media_frames=each.frames, **place)


def _track(cut: Cut, track: Track, rendered: Sequence[Rendered]) -> Json:
    return {
        "kind": track.kind,
        "index": track.index,
        "name": track.name,
        "locked": track.locked,
        "enabled": track.enabled,
        "items": [piece for item in track.items for piece in _pieces(cut, item, rendered)],
    }


def _item(cut: Cut, item: Item) -> Json:
    made: Json = {"uid": item.uid, "name": item.name, "start": item.start, "frames": item.frames, "plays": "time"}
    made["enabled"] = flag(item.handle, "GetClipEnabled") if has(item.handle, "GetClipEnabled") else True
    if item.is_transition:
        return dict(made, kind="transition")
    made["markers"] = [_marker(item.start, offset, marker) for offset, marker in sorted(item.markers().items())]
    made["greenroom"] = _role(cut, item)
    source = _source(item)
    if source is None:
        titled = item.name.startswith(_TITLES)
        return dict(made, kind="text" if titled else "generator")
    made.update(_media(cut, item, source))
    return made


def _pieces(cut: Cut, item: Item, rendered: Sequence[Rendered]) -> List[Json]:
    """An item without what was rendered of it. What can't be heard from its file goes as a whole."""
    over = [each for each in rendered if item.track.kind == "audio" and each.covers(item)]
    made = _item(cut, item)
    if not over:
        return [made]
    if unreadable(cut, item):
        return []
    pieces, at = [], item.start
    for start, end in [*sorted((each.start, each.end) for each in over), (item.end, item.end)]:
        if start > at:
            pieces.append(_piece(cut, made, at, start))
        at = max(at, end)
    return pieces


def _piece(cut: Cut, made: Json, start: int, end: int) -> Json:
    passed = frames.media_length(start - made["start"], cut.rate, Fraction(*made["media_rate"]))
    source = Fraction(made["source_start"]).limit_denominator(100000) + passed
    uid = made["uid"] if start == made["start"] else "{}@{}".format(made["uid"], start)
    return dict(made, uid=uid, start=start, frames=end - start, source_start=frames.plain(source))


class _Source:
    """What an item shows when no take of ours is selected: a clip of the pool, from its frame `start` (None: ask)."""

    def __init__(self, media: Any, start: Optional[int]) -> None:
        self.media, self.start = media, start


def _source(item: Item) -> Optional[_Source]:
    if item.media is None:
        return None
    if item.track.ours or not is_ours(item.media):
        return _Source(item.media, None)
    for take in item.takes():
        media = take.get("mediaPoolItem")
        if media is not None and not is_ours(media):
            return _Source(media, frames.whole(take.get("startFrame", 0)))
    return _Source(item.media, None)


def _role(cut: Cut, item: Item) -> Optional[Json]:
    if item.track.ours and is_ours(item.media):
        covered = covered_by(cut, item)
        return dict(our_tag(item.media), role="take", of=covered.uid if covered else "")
    if is_ours(item.media) and item.takes():
        return dict(our_tag(item.media), role="stand_in", muted_by_us=True)
    if item.track.kind == "video" and not flag(item.handle, "GetClipEnabled"):
        for track in cut.tracks:
            for other in track.items if track.ours else ():
                covered = covered_by(cut, other) if is_ours(other.media) else None
                if covered is item:
                    return dict(our_tag(other.media), role="stand_in", muted_by_us=True)
    return None


def _media(cut: Cut, item: Item, source: _Source) -> Json:
    facts = table(source.media, "GetClipProperty")
    kind, path = str(facts.get("Type", "")), str(facts.get("File Path", ""))
    if kind.startswith(_COMPOUND) or (not path and kind):
        return {"kind": "compound"}
    rate = frames.exact_rate(facts.get("FPS", "")) or cut.rate
    count = str(facts.get("Frames", ""))
    made: Json = {"media": path, "media_rate": [rate.numerator, rate.denominator]}
    made["media_frames"] = int(float(count)) if count.replace(".", "", 1).isdigit() else None
    made["kind"] = "sound" if item.track.kind == "audio" else "image" if kind == "Still" else "movie"
    pictures = _SEQUENCE.match(Path(path).name)
    if pictures:
        made.update(kind="images", sequence=_sequence(path, pictures))
    elif is_offline(path):
        made["kind"] = "missing"
    made.update(_place(cut, item, source, rate))
    return made


def is_offline(path: str) -> bool:
    """Whether a clip's file isn't where Resolve has it; of numbered pictures nobody looks."""
    return bool(path) and not _SEQUENCE.match(Path(path).name) and not Path(path).exists()


def _sequence(path: str, found: Any) -> Json:
    prefix, first, _, suffix = found.groups()
    return {
        "folder": str(Path(path).parent),
        "prefix": prefix,
        "suffix": suffix,
        "padding": len(first),
        "first": int(first),
    }


def _place(cut: Cut, item: Item, source: _Source, rate: Fraction) -> Json:
    """Where in its media the item starts, and how fast it runs."""
    if source.start is not None:
        return {"source_start": source.start, "speed": [1, 1]}
    speed = speed_of(cut, item, rate)
    unheld: List[str] = []
    start = frames.media_start(number(item.handle, "GetLeftOffset", True), cut.rate, rate)
    if speed != 1:
        # a left offset on a retimed item is in warped frames: only the source's own count tells where it starts
        start = Fraction(frames.whole(number(item.handle, "GetSourceStartFrame")))
        unheld.append(f"a retime ({frames.plain(speed * 100)} %)")
    return {
        "source_start": frames.plain(start),
        "speed": [speed.numerator, speed.denominator],
        "unheld": unheld,
    }


def _marker(start: int, offset: int, marker: Json) -> Json:
    return {
        "frame": frames.from_offset(start, offset),
        "frames": max(1, frames.whole(marker.get("duration", 1))),
        "name": str(marker.get("name", "")),
        "note": str(marker.get("note", "")),
        "colour": str(marker.get("color", "")),
    }
