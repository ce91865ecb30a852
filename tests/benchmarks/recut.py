# SPDX-License-Identifier: Apache-2.0
"""Conforming a recut beside OpenTimelineIO's own read of the two cuts."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import opentimelineio as otio
from measure import Row, compare
from scenes import big_cut

from greenroom.cues.find import read_cues
from greenroom.cues.loading import load
from greenroom.cues.model import Cue
from greenroom.desk import road
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import write_png
from greenroom.takes.names import cue_folder_name, media_name
from greenroom.testing.engines import TinyEngine

CLIPS, CUES = 10_000, 2_000


def rows(folder: Path) -> list[Row]:
    return [_conform(folder)]


def _conform(folder: Path) -> Row:
    """Every cue has a take; in the recut the tracks' first shots are gone, so that all others moved, and every third
    cue is slipped. Takes are folders with their take.json and an empty movie: no conform opens it.
    """
    os.environ["GREENROOM_DATA"] = str(folder / "data")
    home = road.init(folder)
    write_png(folder / "mara.png", draw("mara", 1280, 720))
    added = road.add_actor("mara", portrait=folder / "mara.png", project=home.folder)
    first = big_cut(folder / "first.otio", CLIPS, cues=CUES)
    for cue in read_cues(load(first)[1]).cues:
        keep_take(home.takes_folder, cue, added.actor.version)
    engines = {"tiny": TinyEngine(modes=("talk", "replace"))}
    road.apply(first, folder / "old.otio", project=folder, installed=engines)
    new = _recut(folder / "old.otio", folder / "new.otio")
    old = folder / "old.otio"

    def ours() -> None:
        made = road.conform(new, folder / "conformed.otio", was=old, project=folder, installed=engines)
        assert len(made.changes) >= CUES, len(made.changes)
        kept = sum(each.at is not None for each in made.changes)
        assert kept >= CUES - 8, [(each.cue, each.changes) for each in made.changes if each.at is None][:20]

    def theirs() -> None:
        otio.adapters.read_from_file(str(old))
        otio.adapters.read_from_file(str(new))

    return compare(
        "conform of 2,000 cues against a 10,000-clip recut, beside OTIO's read of both",
        ours,
        theirs,
        at_most=3.0,
        names=("conform", "OTIO's read of both"),
    )


def _recut(old: Path, new: Path) -> Path:
    timeline = otio.adapters.read_from_file(str(old))
    for number, track in enumerate(timeline.video_tracks()):
        del track[0]
        for clip in list(track)[number::3]:
            if isinstance(clip, otio.schema.Clip) and len(clip.markers):
                shown = clip.source_range
                later = shown.start_time + otio.opentime.RationalTime(4, 24)
                clip.source_range = otio.opentime.TimeRange(later, shown.duration)
    otio.adapters.write_to_file(timeline, str(new))
    return new


def keep_take(takes: Path, cue: Cue, version: str) -> None:
    folder = takes / cue_folder_name(cue.id) / "take_001"
    folder.mkdir(parents=True)
    name = media_name("mara", cue.id, "talk", 1, ".mov")
    (folder / name).write_bytes(b"")
    (folder / "poster.png").write_bytes(b"")
    (folder / "take.json").write_text(json.dumps(_record(cue, name, version)), "utf-8")


def _record(cue: Cue, name: str, version: str) -> dict[str, Any]:
    frames = cue.slot.duration
    start = cue.event.media.source.start - 8 if cue.event.media else 86392
    spec = {"rate": "24", "slot": frames, "head": 8, "tail": 8, "frames": frames + 16, "start_frame": start}
    actor = {"name": "mara", "version": version, "portrait": None, "sheet": {}}
    return {
        "schema": 1,
        **{"cue": cue.id, "take": 1, "variant": 1, "job": f"job-{cue.id}", "created": "2026-01-01T00:00:00Z"},
        "fingerprint": hashlib.sha256(cue.id.encode()).hexdigest(),
        "engine": {"name": "tiny", "version": "1", "title": "", "label": "", "settings": {}},
        "request": {"mode": "talk", "line": cue.line, "motion": "", "actor": actor, "dialogue": None, "stand_in": None},
        "spec": {**spec, "width": 1920, "height": 1080, "drop_frame": False},
        "cost": {"estimate": "0", "paid": None, "currency": "USD"},
        **{"warnings": [], "media": name, "poster": "poster.png", "sha256": "0" * 64, "size": 0, "extras": {}},
    }
