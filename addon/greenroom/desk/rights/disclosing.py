# SPDX-License-Identifier: Apache-2.0
"""disclose: the AI-use record of a cut as it stands."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from greenroom import __version__
from greenroom.cues.model import Event, EventKind, Layout
from greenroom.desk.open_cut import Desk, open_cut
from greenroom.desk.outputs import check_folder_output
from greenroom.desk.planning.model import CuePlan
from greenroom.desk.rights.asking import Rights, appearances_of, read_rights
from greenroom.desk.writing_back.writeback import TakesOfCue, chosen_number
from greenroom.frames import seconds, timecode, write_rate
from greenroom.media.types import ImageSequence
from greenroom.rights.consent import Consent, Standing, standing_of
from greenroom.rights.credentials.statement import source_type
from greenroom.rights.disclosure.facts import Kind, Shot, Sums, facts_of, sums_of
from greenroom.rights.disclosure.pages import csv_text, html_text
from greenroom.rights.disclosure.ruling import ASK, Ruling, known_rules, read_rules, ruled
from greenroom.rights.gate import Appearance, is_about
from greenroom.takes.disk import storing, write_atomically
from greenroom.takes.privacy import portable_path
from greenroom.takes.states import Take

__all__ = ["Disclosed", "disclose", "record_of"]

_ALTERING = ("replace", "lipsync")
NAMES = ("disclosure.html", "disclosure.csv", "disclosure.json", "notice.png", "notice_over.png")


@dataclass(frozen=True)
class Disclosed:
    """What was written, and the record itself (greenroom.disclosure/1)."""

    folder: Path
    files: tuple[Path, ...]
    record: Mapping[str, Any]


def disclose(
    cut: Path,
    folder: Path,
    *,
    rules: tuple[Path, ...] = (),
    notice: str = "",
    project: Path | None = None,
    now: datetime | None = None,
) -> Disclosed:
    """Writes the record of `cut` into `folder`: HTML, CSV and JSON, and a card with the notice where one is wanted.
    `rules` are the user's own rule files, beside those that come along and those in the project's rights/.

    Raises:
        InputError: a rule file can't be read, or the folder can't be there.
        StoreError: it can't be written.
    """
    folder = folder.absolute()
    with open_cut(cut, project) as desk:
        if not _is_ours(folder):
            check_folder_output(cut, folder, desk.project)
        desk.plan(quote=False)
        own = (*sorted((desk.project.folder / "rights").glob("*.toml")), *rules)
        record = record_of(desk, own, now or datetime.now(UTC), cut)
        size = (desk.sheet.layout.width or 1920, desk.sheet.layout.height or 1080)
    texts = {
        "disclosure.html": html_text(record).encode(),
        "disclosure.csv": csv_text(record).encode(),
        "disclosure.json": f"{json.dumps(record, indent=2, ensure_ascii=False)}\n".encode(),
    }
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, data in texts.items():
        write_atomically(folder / name, data)
    said = notice or "\n".join(each["text"] for each in record["notices"])
    if said:
        _write_notice(said, size, folder)
    files = tuple(folder / name for name in NAMES if (folder / name).is_file())
    return Disclosed(folder, files, record)


def _is_ours(folder: Path) -> bool:
    """A folder that an earlier disclosure was written into, and nothing else: it is written anew."""
    return folder.is_dir() and any(folder.iterdir()) and all(path.name in NAMES for path in folder.iterdir())


def _write_notice(text: str, size: tuple[int, int], folder: Path) -> None:
    from greenroom.desk.rights.notices import write_card, write_strip

    write_card(text.splitlines(), size, folder / "notice.png")
    write_strip(text.splitlines()[0], size, folder / "notice_over.png")


def record_of(desk: Desk, rule_files: Iterable[Path], now: datetime, cut: Path) -> dict[str, Any]:
    """greenroom.disclosure/1"""
    layout = desk.sheet.layout
    portraits = tuple(actor.portrait for actor in desk.cast.values())
    rights = replace(read_rights(desk.project, layout.name, portraits), now=now)
    running = _running(layout)
    shots = tuple(_shots(desk, rights))
    sums = sums_of(shots, running, layout.rate)
    answers = desk.project.rights.get("answers", {})
    facts = facts_of(shots, sums, answers if isinstance(answers, Mapping) else {})
    rulings = ruled((*known_rules(), *(read_rules(path) for path in rule_files)), facts)
    return {
        "schema": "greenroom.disclosure/1",
        "cut": {
            "name": layout.name,
            "file": cut.name,
            "rate": write_rate(layout.rate),
            "running": running,
            "seconds": _seconds(running, layout),
        },
        "day": now.date().isoformat(),
        "software": f"Greenroom {__version__}",
        "says": list(_says(shots, sums)),
        "sums": {
            str(kind): {
                "shots": sums.shots[kind],
                "frames": sums.frames[kind],
                "seconds": _seconds(sums.frames[kind], layout),
                "share": sums.share(kind),
            }
            for kind in Kind
        },
        "facts": facts,
        "shots": [_shot_json(shot, layout, running) for shot in shots],
        "credits": list(_credits(shots)),
        "notices": _notices(rulings, facts),
        "rules": [_ruling_json(ruling) for ruling in rulings],
    }


def _seconds(frames: int, layout: Layout) -> str:
    return f"{float(seconds(frames, layout.rate)):.3f}"


def _running(layout: Layout) -> int:
    ends = [track.events[-1].record.end for track in layout.tracks if track.kind == "video" and track.events]
    return max(ends, default=layout.start) - layout.start


# Shots


def _shots(desk: Desk, rights: Rights) -> Iterator[Shot]:
    takes = dict(_takes(desk))
    plans = {each.cue.event.address: each for each in (desk.planned.cues if desk.planned else ())}
    seen = _seen(desk.sheet.layout, takes)
    by_name: dict[str, list[Consent]] = {}
    for consent in rights.records.consents:
        by_name.setdefault(consent.name, []).append(consent)
    filed = [consent for consent in rights.records.consents if consent.media]
    for track in desk.sheet.layout.tracks:
        if track.kind != "video":
            continue
        for event in track.events:
            if event.enabled and (event.kind is not EventKind.GAP or event.address in takes):
                shot = _plain(event, seen.get(event.address, 0))
                take, planned = takes.get(event.address), plans.get(event.address)
                if take is not None and planned is not None:
                    shot = _performed(shot, take, planned, desk, rights, by_name, filed)
                yield shot


def _takes(desk: Desk) -> Iterator[tuple[tuple[int, ...], Take]]:
    for each in desk.cue_takes():
        if each.takes:
            number = chosen_number(each.cue, TakesOfCue(each.takes, each.circled))
            yield from ((each.cue.event.address, take) for take in each.takes if take.number == number)


def _plain(event: Event, seen: int) -> Shot:
    kind = Kind.CAPTURED if event.kind is EventKind.MEDIA else Kind.MISSING
    return Shot(event.name or "(no name)", event.track, event.record.start, event.record.duration, seen, kind)


def _performed(
    shot: Shot,
    take: Take,
    planned: CuePlan,
    desk: Desk,
    rights: Rights,
    by_name: Mapping[str, list[Consent]],
    filed: list[Consent],
) -> Shot:
    record = desk.store.record(take)
    engine = desk.engines.get(take.engine)
    listing = engine.capabilities().listing if engine is not None else None
    people = [_person(each, by_name, filed, rights) for each in appearances_of(planned, rights)]
    faces = [each for each in people if each.aspect == "face"]
    own = next((each for each in faces if each.portrait), None)
    footage = next((each for each in faces if not each.portrait), None)
    voice = next((each for each in people if each.aspect == "voice"), None)
    performer = own or footage
    return replace(
        shot,
        kind=Kind.ALTERED if take.mode in _ALTERING else Kind.GENERATED,
        cue=take.cue,
        take=take.number,
        mode=take.mode,
        actor=_shown_name(take.actor, desk),
        performer=performer.says if performer else "",
        stand_in=(footage.says or "not named") if footage and own else "",
        voice=(voice.says or "not named") if voice else "",
        over=_plate(planned, rights.folder),
        consent=_worst(people),
        replica=any(each.human for each in people),
        invented=bool(own and own.invented),
        engine=take.engine,
        model=listing.model_title or listing.model if listing else "",
        host=listing.host if listing else "",
        label=take.label,
        source_type=source_type(record),
        signed=bool(record.get("provenance", {}).get("signed")),
    )


def _plate(planned: CuePlan, folder: Path) -> str:
    """The footage under a generated actor."""
    if planned.plate is None:
        return ""
    media = planned.plate.media
    return portable_path(media.path(0) if isinstance(media, ImageSequence) else media, folder)


def _shown_name(name: str, desk: Desk) -> str:
    actor = desk.cast.get(name) if name else None
    return actor.display_name if actor is not None else name


@dataclass(frozen=True)
class _Person:
    """Who is behind a face or a voice, as the records have it."""

    aspect: str
    portrait: bool
    says: str
    standing: Standing
    human: bool
    invented: bool


def _person(
    appearance: Appearance, by_name: Mapping[str, list[Consent]], filed: list[Consent], rights: Rights
) -> _Person:
    own = by_name.get(appearance.actor, []) if appearance.actor else []
    about = [consent for consent in (*own, *filed) if is_about(consent, appearance)]
    states = [(standing_of(consent, rights.now), consent) for consent in about]
    order = list(Standing)
    state, consent = min(states, key=lambda each: order.index(each[0].standing), default=(None, None))
    if state is None or consent is None:
        return _Person(appearance.aspect, _is_portrait(appearance), "", Standing.MISSING, False, False)
    invented = consent.invented and (not appearance.portrait or consent.portrait in ("", appearance.portrait))
    standing = state.standing if invented or not consent.invented else Standing.MISSING
    says = "nobody (invented)" if invented else consent.who
    human = not consent.invented and bool(consent.who)
    return _Person(appearance.aspect, _is_portrait(appearance), says, standing, human, invented)


def _is_portrait(appearance: Appearance) -> bool:
    return bool(appearance.portrait)


def _worst(people: list[_Person]) -> str:
    if not people:
        return ""
    order = list(Standing)
    return str(max((each.standing for each in people), key=order.index))


def _seen(layout: Layout, takes: Mapping[tuple[int, ...], Take]) -> dict[tuple[int, ...], int]:
    """How many frames of each clip nothing covers: what lies higher hides what lies lower, whole frames of it."""
    found: dict[tuple[int, ...], int] = {}
    covered: list[tuple[int, int]] = []
    for track in reversed([each for each in layout.tracks if each.kind == "video"]):
        own: list[tuple[int, int]] = []
        starts = [start for start, _ in covered]
        for event in track.events:
            fills = event.kind is EventKind.MEDIA or event.address in takes
            if not track.enabled or not event.enabled or (event.kind is EventKind.GAP and not fills):
                continue
            start, end = event.record.start, event.record.end
            found[event.address] = (end - start) - _hidden(start, end, covered, starts)
            if fills:
                own.append((start, end))
        covered = _merged([*covered, *own])
    return found


def _hidden(start: int, end: int, covered: list[tuple[int, int]], starts: list[int]) -> int:
    hidden, at = 0, max(0, bisect_right(starts, start) - 1)
    while at < len(covered) and covered[at][0] < end:
        hidden += max(0, min(end, covered[at][1]) - max(start, covered[at][0]))
        at += 1
    return hidden


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


# What is said


def _says(shots: tuple[Shot, ...], sums: Sums) -> Iterator[str]:
    made = [shot for shot in shots if shot.made]
    if not made:
        yield "No shot of this cut was generated or altered by Greenroom."
        return
    generated, altered = sums.shots[Kind.GENERATED], sums.shots[Kind.ALTERED]
    yield f"{len(made)} shots were made: {generated} generated, {altered} altered out of footage."
    previz = sum(shot.label == "previz" for shot in made)
    if previz:
        which = "All" if previz == len(made) else str(previz)
        yield f"{which} of them are previz: moved drawings and portraits that hold a place, no final pictures."
    lacking = sum(shot.consent not in ("given", "invented", "ends soon") for shot in made)
    if lacking:
        yield f"Of {lacking} of them it is not on record that everybody agreed who is seen or heard."
    yield "“Captured” is whatever came into the cut as footage: Greenroom doesn't know how that was made."


def _credits(shots: tuple[Shot, ...]) -> Iterator[str]:
    """A line for each character, then the technology."""
    roles: dict[str, list[Shot]] = {}
    for shot in shots:
        if shot.made:
            roles.setdefault(shot.actor or shot.name, []).append(shot)
    for name, theirs in sorted(roles.items()):
        performers = _all_of(shot.performer for shot in theirs)
        parts = [performers or "performer not named"]
        for title, said in (
            ("stand-in", _all_of(shot.stand_in for shot in theirs)),
            ("voice", _all_of(shot.voice for shot in theirs)),
        ):
            parts += [f"{title} {said}"] if said not in ("", performers) else []
        yield f"{name}: {', '.join(parts)} ({len(theirs)} shot{'s' * (len(theirs) != 1)})"
    tools = {(shot.model or shot.engine, shot.host, shot.label) for shot in shots if shot.made}
    for tool, host, label in sorted(tools):
        yield f"Performed with {tool}{f' at {host}' if host else ''}{f' ({label})' if label else ''}"


def _all_of(names: Iterable[str]) -> str:
    return " and ".join(sorted({name for name in names if name}))


def _notices(rulings: Iterable[Ruling], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Texts that rules want in the picture, where there is something to be said; previz says so in any case."""
    found: dict[str, list[str]] = {}
    if facts["previz_shots"]:
        found["Previz: not final pictures."] = ["Greenroom"]
    for ruling in rulings:
        if ruling.rules.notice and facts["made_shots"] and ruling.result in (ASK, "does not meet"):
            found.setdefault(ruling.rules.notice, []).append(ruling.rules.name)
    return [{"text": text, "by": by} for text, by in found.items()]


def _shot_json(shot: Shot, layout: Layout, running: int) -> dict[str, Any]:
    value = {key: each for key, each in vars(shot).items() if key not in ("start", "kind")}
    return {
        "kind": str(shot.kind),
        "in": timecode(shot.start, layout.rate, drop_frame=layout.drop_frame),
        "start": shot.start,
        "seconds": _seconds(shot.frames, layout),
        "share": shot.seen / running if running else 0.0,
        **value,
    }


def _ruling_json(ruling: Ruling) -> dict[str, Any]:
    rules = ruling.rules
    return {
        "id": rules.id,
        "name": rules.name,
        "body": rules.body,
        "applies": rules.applies,
        "dated": rules.dated,
        "read": rules.read,
        "sources": list(rules.sources),
        "unconfirmed": list(rules.unconfirmed),
        "result": ruling.result,
        "answers": [
            {
                "asks": each.question.asks,
                "fact": each.question.fact,
                "known": each.known,
                "result": each.result,
                "say": each.question.say,
            }
            for each in ruling.answers
        ],
    }
