# SPDX-License-Identifier: Apache-2.0
"""The way by files: Resolve's own OTIO out, takes made, and a cut back in that its importer accepts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from greenroom.desk import road
from greenroom.errors import StoreError
from greenroom.testing import TinyEngine
from greenroom.testing.resolve import RELEASES, SimulatedResolve
from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.session import Session

Sessions = Callable[[SimulatedResolve], Session]
Movies = Callable[..., Path]
NOTE = "@mara animate: waits"


@pytest.fixture(scope="module")
def film_with_mara(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from greenroom.engines.previz.drawn.actors import draw
    from greenroom.media import write_png

    folder = tmp_path_factory.mktemp("made") / "film"
    road.init(folder)
    toml = (folder / "greenroom.toml").read_text("utf-8")
    toml = toml.replace('codec = "prores"', 'codec = "h264"').replace("# width = 1920", "width = 160")
    (folder / "greenroom.toml").write_text(toml.replace("# height = 1080", "height = 90"), "utf-8")
    write_png(folder / "mara.png", draw("mara", 1024, 576))
    road.add_actor("mara", portrait=folder / "mara.png", project=folder)
    return folder


@pytest.fixture
def film(film_with_mara: Path, tmp_path: Path, movies: Movies, monkeypatch: pytest.MonkeyPatch) -> Path:
    import shutil

    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    shutil.copytree(film_with_mara, tmp_path / "film")
    (tmp_path / "film" / "A001.mov").write_bytes(movies("24", 100, first=86400).read_bytes())
    return tmp_path / "film"


@pytest.fixture
def reel(resolves: Callable[..., SimulatedResolve], film: Path) -> Callable[[str], SimulatedResolve]:
    """A stand-in and a solid with notes; a retimed and a compound clip, which stay as they are."""

    def make(release: str) -> SimulatedResolve:
        resolve = resolves(release)
        timeline = resolve.new_timeline("Reel 1")
        media = resolve.take_in(film / "A001.mov")
        stand_in = resolve.place(timeline, media, record=86400, frames=24, source=20)
        stand_in.AddMarker(4, "Blue", "", NOTE, 1)
        resolve.generator(timeline, record=86424, frames=24).AddMarker(0, "Blue", NOTE, "", 1)
        retimed = resolve.place(timeline, media, record=86460, frames=24, source=20)
        retimed.speed = Fraction(2)
        resolve.compound(timeline, record=86500, frames=12)
        return resolve

    return make


def differences(one: Any, two: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ. What OpenTimelineIO writes by default, and Resolve leaves out, is no difference."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in sorted({*one, *two}):
            default = key not in one and (key, two[key]) in (("color", None), ("enabled", True))
            if not default:
                yield from differences(one.get(key), two.get(key), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, (first, second) in enumerate(zip(one, two, strict=True)):
            yield from differences(first, second, f"{path}/{number}")
    elif one != two:
        yield path


@pytest.mark.parametrize("release", [name for name, release in RELEASES.items() if release.python_in_menus])
def test_out_takes_made_and_in_again(
    release: str, reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions, said: list[str]
) -> None:
    resolve = reel(release)
    session = sessions(resolve)
    exported = Path(ENTRIES["export_cut"](session)["path"])
    assert exported == film / "resolve" / "Reel 1.otio"
    written = film / "resolve" / "Reel 1.greenroom.otio"
    assert f'greenroom generate "{exported}" -o "{written}" --to resolve-otio' in said[1]
    made = road.generate(exported, written, to="resolve-otio", installed={"tiny": TinyEngine()}, engine="tiny")
    assert len(made.report.takes) == 2

    one, two = (json.loads(path.read_text("utf-8")) for path in (exported, written))
    changed = set(differences(one, two))
    allowed = ("/media_references/", "/markers/0/", "/source_range/start_time/value", "/metadata/greenroom")
    for path in changed:  # only the two clips with notes, and of them only what a take needs
        assert path.startswith(("/tracks/children/0/children/0/", "/tracks/children/0/children/1/")), path
        assert any(part in path for part in allowed), path

    timeline = resolve.project.current
    answer = ENTRIES["import_takes"](session)
    assert (answer["problems"], answer["timeline"]) == ([], "Reel 1 Greenroom 1")
    new = resolve.project.current
    assert new is not timeline
    assert len(new.everything()) == len(timeline.everything())
    for before, after in zip(timeline.everything(), new.everything(), strict=True):
        assert (after.start, after.frames, after.speed) == (before.start, before.frames, before.speed)
    stand_in, solid = new.tracks["video"][0].items[:2]
    for item in (stand_in, solid):
        assert Path(item.media.media.path).parent == film / "resolve" / "Reel 1.greenroom media"
        assert (item.source_in, item.media.media.frames) == (8, 40)
    assert stand_in.markers[4].note.startswith("GR#")
    assert answer["timeline"] in said[-1]
    assert ENTRIES["import_takes"](session)["timeline"] == "Reel 1 Greenroom 2"  # a name that is free


def test_what_the_importer_refuses(resolve: SimulatedResolve, film: Path) -> None:
    """[meas 19 to 21.1] a taken name, another program's OTIO, a title without media, a start that isn't the media's."""
    timeline = resolve.new_timeline("Reel 1")
    item = resolve.place(timeline, film / "A001.mov", record=86400, frames=24)
    handle = resolve.handle()
    project = handle.GetProjectManager().GetCurrentProject()
    pool, path = project.GetMediaPool(), film / "cut.otio"
    assert project.GetCurrentTimeline().Export(str(path), handle.EXPORT_OTIO, handle.EXPORT_NONE) is True
    assert project.GetCurrentTimeline().Export(str(path), 1, 0) is False  # not the enumeration's own value
    good = path.read_text("utf-8")

    def imported(text: str, name: str = "New") -> Any:
        path.write_text(text, "utf-8")
        return pool.ImportTimelineFromFile(str(path), {"timelineName": name, "importSourceClips": True})

    assert imported(good, "Reel 1") is None
    assert imported(good.replace("Resolve_OTIO", "Somebody_OTIO")) is None
    assert imported(good.replace("ExternalReference.1", "MissingReference.1")) is None
    assert imported(good, "Fine") is not None
    assert item.media.media.first == 86400
    broken = json.loads(good)
    broken["tracks"]["children"][0]["children"][0]["source_range"]["start_time"]["value"] = 0.0
    assert imported(json.dumps(broken), "Other") is None
    assert imported("no JSON", "Other") is None


def test_21_1_refuses_media_that_is_in_the_pool_and_older_ones_bring_it_offline(
    resolves: Callable[..., SimulatedResolve], film: Path
) -> None:
    """[meas 21.1.0.14] "Operation canceled"; [meas up to 21.0] importSourceClips False: all items offline."""
    for release, answers in (("21.1 Studio", [False, True]), ("21.0.4 Studio", [True, True])):
        resolve = resolves(release)
        resolve.place(resolve.new_timeline("Reel 1"), film / "A001.mov", record=86400, frames=24)
        handle = resolve.handle()
        project = handle.GetProjectManager().GetCurrentProject()
        path = str(film / "cut.otio")
        project.GetCurrentTimeline().Export(path, handle.EXPORT_OTIO, handle.EXPORT_NONE)
        found = []
        for number, sources in enumerate((True, False)):
            options = {"timelineName": f"New {number}", "importSourceClips": sources}
            found.append(project.GetMediaPool().ImportTimelineFromFile(path, options))
        assert [made is not None for made in found] == answers
        (item,) = found[1].GetItemListInTrack("video", 1)
        offline = item.GetMediaPoolItem().GetClipProperty("Frames") == "0"
        assert offline == (release == "21.0.4 Studio")


def test_an_import_that_brings_media_offline_is_told(
    reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions
) -> None:
    resolve = reel("21.0.4 Studio")
    session = sessions(resolve)
    exported = Path(ENTRIES["export_cut"](session)["path"])
    exported.rename(film / "resolve" / "Reel 1.greenroom.otio")
    resolve.project.pool.DeleteClips(resolve.project.pool.everything())
    (film / "A001.mov").rename(film / "elsewhere.mov")
    session.settings.project = str(film)
    session.read_again()
    answer = ENTRIES["import_takes"](session)
    assert {problem["code"] for problem in answer["problems"]} == {"offline"}


def test_nothing_to_import_and_an_export_that_fails_are_told(
    reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions
) -> None:
    resolve = reel("21.0.4 Studio")
    with pytest.raises(ResolveError, match="there is no"):
        ENTRIES["import_takes"](sessions(resolve))
    resolve.gate.fail("Export")
    with pytest.raises(ResolveError, match="could not export"):
        ENTRIES["export_cut"](sessions(resolve))


def test_fcp7_xml_is_the_second_way(reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions) -> None:
    """It relinks best [meas 19 to 21]: the same cut as XML names the takes' files."""
    resolve = reel("21.0.4 Studio")
    exported = Path(ENTRIES["export_cut"](sessions(resolve))["path"])
    made = road.generate(exported, film / "reel.xml", installed={"tiny": TinyEngine()}, engine="tiny")
    text = (film / "reel.xml").read_text("utf-8")
    assert made.applied is not None
    for take in made.report.takes:
        assert text.count(take.media.name) >= 1
    assert "<start>0</start>" in text


def test_the_takes_lie_in_a_folder_beside_the_cut_and_can_be_carried_away(
    reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only those that the cut shows; a file of somebody else's in there is never written over."""
    from greenroom.cli.tell_takes import tell_applied
    from greenroom.desk.results_json import applied_json

    exported = Path(ENTRIES["export_cut"](sessions(reel("21.0.4 Studio")))["path"])
    written, media = exported.with_name("new.otio"), exported.with_name("new media")
    how: Any = {"to": "resolve-otio", "installed": {"tiny": TinyEngine()}}
    made = road.generate(exported, written, engine="tiny", takes=2, **how)
    shown = [take for take in made.report.takes if take.number == 2]
    assert len(made.report.takes) == 4
    assert sorted(media.iterdir()) == sorted(media / take.media.name for take in shown)
    for take in shown:
        assert (media / take.media.name).read_bytes() == take.media.read_bytes()
        assert written.read_text("utf-8").count(str(media / take.media.name)) == 1

    lost = media / shown[0].media.name
    lost.unlink()
    applied = road.apply(exported, written, **how)
    assert lost.exists()  # though the cut itself was as it was
    tell_applied(applied_json(applied))
    assert f"Its takes: {media}" in capsys.readouterr().out
    lost.unlink()
    lost.write_bytes(b"somebody's own")
    with pytest.raises(StoreError, match="is another one"):
        road.apply(exported, written, **how)
    assert lost.read_bytes() == b"somebody's own"


@pytest.mark.parametrize("release", ["20.3 Studio", "21.0.4", "21.1 Studio"])
def test_an_import_is_undone_from_either_timeline(
    release: str, reel: Callable[[str], SimulatedResolve], film: Path, sessions: Sessions
) -> None:
    """The new timeline goes and the clips that came with it; what the editor worked on since stays, and is told."""
    resolve = reel(release)
    exported = Path(ENTRIES["export_cut"](sessions(resolve))["path"])
    written = exported.with_name("Reel 1.greenroom.otio")
    road.generate(exported, written, to="resolve-otio", installed={"tiny": TinyEngine()}, engine="tiny")
    timeline, pool = resolve.project.current, resolve.project.pool.everything()

    for back in (False, True):
        ENTRIES["import_takes"](sessions(resolve))
        assert resolve.project.current is not timeline
        if back:
            resolve.project.current = timeline
        assert ENTRIES["undo"](sessions(resolve)) == {"left": []}
        assert resolve.project.timelines == [timeline]
        assert (resolve.project.current, resolve.project.pool.everything()) == (timeline, pool)
        with pytest.raises(ResolveError, match="nothing to undo"):
            sessions(resolve).undo()

    ENTRIES["import_takes"](sessions(resolve))
    new = resolve.project.current
    new.tracks["video"][0].items[0].start += 1
    (left,) = ENTRIES["undo"](sessions(resolve))["left"]
    assert left == 'the timeline "Reel 1 Greenroom 1" stays, as you have worked on it'
    assert resolve.project.current is new
    assert not [item for item in new.everything() if item.gone]
