# SPDX-License-Identifier: Apache-2.0
"""An edit plan in the host's own terms: uids for addresses, the host's frames for source ranges. Pure.

A file keeps every take beside the clip and names one; a host shows one take for the item, so of a cue's edits the
chosen take and the note are left. A host never moves a placeholder's source: the take is laid with its handles where
the slot is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from greenroom.cues.model import Cue
from greenroom.desk.planning.facts import shown_source
from greenroom.desk.results import Edits
from greenroom.desk.writing_back.edit_plan import AddTakes, Edit, MarkCue, MoveSource, TakeReference, UseMedia
from greenroom.frames import timecode
from greenroom.hosts.host_cut import HostCut
from greenroom.takes.states import Take

__all__ = ["host_edits", "removals"]

Json = dict[str, Any]


def host_edits(cut: HostCut, found: Edits, only: Collection[str] | None = None) -> list[Json]:
    """What a host has to do, in order; `only` these cues, or all."""
    cues = {cue.id: cue for cue in found.sheet.cues}
    takes = {(each.cue.id, take.number): take for each in found.takes for take in each.takes}
    made: list[Json] = []
    for id, edits in _by_cue(found.edits.edits):
        if only is None or id in only:
            made += _of_cue(cut, found, cues[id], edits, takes)
    return made


def _by_cue(edits: tuple[Edit, ...]) -> Iterator[tuple[str, list[Edit]]]:
    groups: dict[str, list[Edit]] = {}
    for edit in edits:
        groups.setdefault(edit.cue, []).append(edit)
    yield from groups.items()


def _of_cue(
    cut: HostCut, found: Edits, cue: Cue, edits: list[Edit], takes: Mapping[tuple[str, int], Take]
) -> Iterator[Json]:
    references: Mapping[str, TakeReference] = {}
    moved = next((edit.start for edit in edits if isinstance(edit, MoveSource)), None)
    for edit in edits:
        if isinstance(edit, AddTakes):
            references = {take.key: take for take in edit.takes}
        elif isinstance(edit, UseMedia):
            chosen = references[edit.key]
            take = takes[cue.id, int(chosen.metadata["take"])]
            laid = cut.take_over(cut.uid(cue.event.address))
            shown = takes.get((cue.id, laid["take"])) if laid is not None else None
            head = _head_on_timeline(cut, found, cue, laid, take) if laid is not None and _alike(take, shown) else None
            if head is None:
                before = cue.event.record.start - cue.event.visible.start  # under a transition, before the item
                head = _slot_source(cue, moved, before) - chosen.start
            yield {**_place(cut, found, cue, chosen, head, take), "others": _others(references.values(), chosen, head)}
        elif isinstance(edit, MarkCue):
            yield _mark(cut, cue, edit)


def _alike(take: Take, shown: Take | None) -> bool:
    """Whether a take fills the slot as the one on the timeline does."""
    return shown is not None and (take.fingerprint, take.head) == (shown.fingerprint, shown.head)


def _head_on_timeline(cut: HostCut, found: Edits, cue: Cue, laid: Mapping[str, Any], take: Take) -> int | None:
    """Where the slot begins in the take as the editor has it on the timeline, slipped or not; None where that can't
    fill the slot.
    """
    start, source = laid["start"], laid["source_start"]
    if type(start) is not int or type(source) is not int:
        return None
    head = cut.frame(cue.slot.start, found.sheet) - (start - source)
    return head if 0 <= head <= take.frames - cue.slot.duration else None


def _place(cut: HostCut, found: Edits, cue: Cue, chosen: TakeReference, head: int, take: Take) -> Json:
    event = cue.event
    return {
        "do": "place_take",
        "item": cut.uid(event.address),
        "cue": cue.id,
        "take": take.number,
        "name": f"{take.actor or 'take'}_{cue.id}_take_{take.number:03d}",
        "path": str(take.media),
        "start": cut.frame(cue.slot.start, found.sheet),
        "frames": cue.slot.duration,
        "item_start": cut.frame(event.record.start, found.sheet),
        "item_frames": event.record.duration,
        "head": head,
        "tail": chosen.frames - head - cue.slot.duration,
        "media_frames": chosen.frames,
        "rate": [chosen.rate.numerator, chosen.rate.denominator],
        "source_start": chosen.start,
        "source_start_timecode": timecode(chosen.start, Fraction(take.rate), drop_frame=take.drop_frame),
        "drop_frame": take.drop_frame,
        "size": [take.width, take.height],
        "poster": str(take.poster),
        "label": take.label,
        "track": cut.track(event.address),
        "metadata": dict(chosen.metadata),
    }


def _others(references: Iterable[TakeReference], chosen: TakeReference, head: int) -> list[Json]:
    """The cue's other takes, for a host that keeps them to compare: where the slot begins in each, by its timecode."""
    return [
        {
            "take": each.metadata["take"],
            "name": each.name,
            "path": str(each.path),
            "head": head + chosen.start - each.start,
            "media_frames": each.frames,
            "label": each.metadata["label"],
        }
        for each in references
        if each.key != chosen.key and each.rate == chosen.rate
    ]


def _slot_source(cue: Cue, moved: int | None, before: int) -> int:
    """Where the slot begins in the take's own count: where the clip would be moved to, or already is."""
    if moved is not None:
        return moved - before
    shown = shown_source(cue.event, cue.slot.rate)
    if shown is None:  # an edit plan moves whatever doesn't count as the take does
        raise AssertionError(f"the edit plan of {cue.id} says nowhere where its slot begins")
    return shown.start


def _mark(cut: HostCut, cue: Cue, edit: MarkCue) -> Json:
    item = None if edit.on_timeline else cut.uid(edit.address)
    known: Mapping[str, Any] = {}
    old = ""
    if edit.marker is not None and cue.note is not None:
        known = cut.marker(None if edit.on_timeline else edit.address, edit.marker)
        old = cut.replaced.get(item or "", cue.note.text) if known.get("note") else cue.note.text
    return {
        "do": "mark",
        "item": item,
        "marker": known.get("frame"),
        "field": "note" if edit.in_comment else "name",
        "text": edit.text,
        "old": old,
        "comment": edit.comment,
        "colour": edit.colour,
        "cue": edit.cue,
        "status": "takes",
    }


def removals(cut: HostCut, items: Collection[str] | None) -> list[Json]:
    """What brings the stand-ins back: of the items with these uids, or of all."""
    cues = {take["of"]: take["cue"] for take in cut.takes}
    made = []
    for item in cut.items():
        uid, ours = item["uid"], item.get("greenroom", {})
        if (uid in cues or ours.get("muted_by_us")) and (items is None or uid in items):
            made.append({"do": "remove_take", "item": uid, "cue": cues.get(uid) or str(ours.get("cue", ""))})
    if items is None:
        known = {item["uid"] for item in cut.items()}
        loose = [take for take in cut.takes if take["of"] not in known]
        made += [{"do": "remove_take", "item": None, "cue": take["cue"]} for take in loose]
    return made
