# SPDX-License-Identifier: Apache-2.0
"""A host's timeline as the road takes it, and the way back from its addresses and frames to the host's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from greenroom.cues.model import Cue, CueSheet
from greenroom.desk.open_cut import CutInMemory
from greenroom.errors import CueError, TimelineError

__all__ = ["HostCut", "read_snapshot"]

_HOST_KEY = "greenroom_host"
_ROOM = frozenset({"colour", "text", "image", "missing", "generator"})
"""Kinds that an editor holds room with; adjustment layers, scenes and compounds are no placeholders."""


@dataclass(frozen=True)
class HostCut:
    """`document` is the OTIO document that the timeline was made of; its items carry the host's uids."""

    cut: CutInMemory
    document: Mapping[str, Any]
    takes: tuple[Mapping[str, Any], ...]  # what lies on the host's timeline of ours, and where
    replaced: Mapping[str, str]  # the notes that others stand for in this call, by uid

    @property
    def origin(self) -> int:
        """The host's number of the first record frame."""
        return int(_host(self.document)["origin"])

    def frame(self, record: int, sheet: CueSheet) -> int:
        """A record frame as the host counts."""
        return record - sheet.layout.start + self.origin

    def item(self, address: tuple[int, ...]) -> Mapping[str, Any]:
        """What the host knows of the item at `address`: uid, kind, track and so on. Empty for a gap."""
        return _host(self._at(address))

    def uid(self, address: tuple[int, ...]) -> str | None:
        found = self.item(address).get("uid")
        return str(found) if found else None

    def track(self, address: tuple[int, ...]) -> int:
        """The host's number of the track that `address` is on."""
        return int(_host(self._at(address[:1]))["index"])

    def marker(self, address: tuple[int, ...] | None, number: int) -> Mapping[str, Any]:
        """What the host knows of a marker of an item, or of the timeline (None)."""
        owner = self.document["tracks"] if address is None else self._at(address)
        return _host(owner["markers"][number])

    def _at(self, address: tuple[int, ...]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["tracks"]
        for index in address:
            found = found["children"][index]
        return found

    def items(self) -> Iterator[Mapping[str, Any]]:
        """All items, as `item` gives them, with their names."""
        for track in self.document["tracks"]["children"]:
            for child in track["children"]:
                host = _host(child)
                if "uid" in host:
                    yield {**host, "name": child["name"]}

    def take_over(self, uid: str | None) -> Mapping[str, Any] | None:
        """The take that lies over the item."""
        return next((take for take in self.takes if uid and take["of"] == uid), None)

    def holds_room(self, cue: Cue) -> bool:
        """Whether a suggestion is one: the host has kinds of items that only look like placeholders."""
        return self.item(cue.event.address).get("kind") in (*_ROOM, "movie", "images")

    def cue_ids(self, sheet: CueSheet, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The ids of the cues that are meant by ids of cues or uids of items.

        Raises:
            CueError: one is neither.
        """
        by_uid = {self.uid(cue.event.address): cue.id for cue in (*sheet.cues, *sheet.suggestions)}
        known = {cue.id for cue in sheet.cues}
        found = []
        for each in wanted:
            id = each.strip().lstrip("#").casefold() if each not in by_uid else by_uid[each]
            if id not in known:
                name = next((str(item["name"]) for item in self.items() if item["uid"] == each), "")
                hint = "Write a note on it, like  @mara talk: I never left."
                raise CueError(_no_cue(self, each), hint=hint, where=name)
            found.append(id)
        return tuple(dict.fromkeys(found))


def _no_cue(cut: HostCut, wanted: str) -> str:
    known = any(item["uid"] == wanted for item in cut.items())
    return "there is no note on this item" if known else f'"{wanted[:60]}" is no cue and no item of this timeline'


def _host(values: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = values["metadata"].get(_HOST_KEY, {})
    return found


def read_snapshot(snapshot: Any, notes: Mapping[str, str] | None = None) -> HostCut:
    """The timeline that a host sent; `notes` stand for those of the items with these uids.

    Raises:
        TimelineError: it is no snapshot, or something in it can't be.
    """
    from greenroom_otio.errors import ReadError
    from greenroom_otio.vse import document_of, timeline_of

    replaced: dict[str, str] = {}
    if notes and isinstance(snapshot, Mapping):
        snapshot = _with_notes(snapshot, notes, replaced)
    try:
        document = document_of(snapshot)
    except ReadError as error:
        raise TimelineError(error.message, hint=error.hint, where=error.where) from error
    written = _host(document)["host"]["document"]
    taken = tuple(_takes(snapshot))
    home = Path(written) if Path(written).is_absolute() else None  # hosts give unsaved documents a bare name
    return HostCut(CutInMemory(partial(timeline_of, document), home), document, taken, replaced)


def _takes(snapshot: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for track in snapshot.get("tracks") or ():
        for item in track.get("items") or ():
            ours = item.get("greenroom")
            if isinstance(ours, Mapping) and ours.get("role") == "take":
                yield {
                    "of": str(ours.get("of") or ""),
                    "cue": str(ours.get("cue") or ""),
                    "take": ours["take"] if type(ours.get("take")) is int else 0,
                    "start": item.get("start"),
                    "source_start": item.get("source_start", 0),
                }


def _with_notes(snapshot: Mapping[str, Any], notes: Mapping[str, str], replaced: dict[str, str]) -> Mapping[str, Any]:
    def noted(item: Any) -> Any:
        uid = item.get("uid") if isinstance(item, Mapping) else None
        if not isinstance(uid, str) or uid not in notes:
            return item
        replaced[uid] = item.get("note") or ""
        return {**item, "note": notes[uid]}

    def track(values: Any) -> Any:
        items = values.get("items") if isinstance(values, Mapping) else None
        return {**values, "items": [noted(item) for item in items]} if isinstance(items, list) else values

    tracks = snapshot.get("tracks")
    return {**snapshot, "tracks": [track(each) for each in tracks]} if isinstance(tracks, list) else snapshot
