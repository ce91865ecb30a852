# SPDX-License-Identifier: Apache-2.0
"""The cast as values: cards, looked-over pictures, and requests that are quoted and made; no window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from greenroom.engines.previz.drawn.actors import draw
from greenroom.errors import CastError, InputError, Severity
from greenroom.media import write_png, write_wav
from greenroom.panel.casting.cards import Changes, read_cast, save_changes
from greenroom.panel.casting.examined import look
from greenroom.panel.casting.requests import AUDITION, SHEET, Request, begin, engines_for, quote


def test_cards_have_everything_and_a_broken_actor_says_why(project: Path) -> None:
    (project / "cast" / "ada").mkdir()
    (project / "cast" / "ada" / "actor.toml").write_text('schema = 1\nportrait = "gone.png"\n', "utf-8")
    cards = {card.name: card for card in read_cast(project).cards}
    assert list(cards) == ["ada", "mara", "theo"]
    assert cards["ada"].broken is not None
    assert "gone.png" in cards["ada"].broken.message
    assert cards["mara"].portrait is not None
    assert cards["mara"].portrait.is_file()
    assert cards["mara"].consent is not None


def test_changes_are_written_and_an_empty_part_goes(project: Path) -> None:
    save_changes(project, "mara", Changes(parts={"identity": "a woman", "hair": "red"}, seed=7, voice="low"))
    save_changes(project, "mara", Changes(parts={"hair": ""}, display_name="Mara Ö."))
    card = next(card for card in read_cast(project).cards if card.name == "mara")
    assert (card.display_name, card.seed, card.voice) == ("Mara Ö.", 7, "low")
    assert dict(card.parts) == {"identity": "a woman"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_png(folder / "good.png", draw("mara", 1024, 576))
    two = np.hstack([draw("mara", 512, 576), draw("theo", 512, 576)])
    write_png(folder / "two.png", np.ascontiguousarray(two))
    write_png(folder / "grey.png", np.full((300, 400, 3), 90, np.uint8))
    (folder / "text.png").write_text("not a picture")
    return folder


def test_a_good_portrait_is_marked_where_the_face_is(pictures: Path) -> None:
    seen = look(pictures / "good.png")
    assert seen.usable
    assert not seen.problems
    (mark,) = seen.marks
    assert mark.box is not None
    left, top, width, height = mark.box
    assert 0.3 < left + width / 2 < 0.7
    assert 0.2 < top + height / 2 < 0.8


def test_each_face_that_is_too_many_is_marked(pictures: Path) -> None:
    seen = look(pictures / "two.png")
    assert not seen.usable
    boxes = [mark.box for mark in seen.marks if seen.problems[mark.number - 1].code == "several-faces"]
    middles = sorted(box[0] + box[2] / 2 for box in boxes if box is not None)
    assert len(middles) == 2
    assert middles[0] < 0.5 < middles[1]


def test_without_a_face_the_whole_picture_is_marked(pictures: Path) -> None:
    seen = look(pictures / "grey.png")
    assert [problem.code for problem in seen.problems] == ["no-face"]
    assert seen.marks[0].box == (0.0, 0.0, 1.0, 1.0)
    assert seen.marks[0].severity is Severity.ERROR


def test_what_is_no_picture_is_told(pictures: Path) -> None:
    with pytest.raises(InputError):
        look(pictures / "text.png")
    with pytest.raises(CastError, match="no such picture"):
        look(pictures / "gone.png")


def test_a_sheet_is_quoted(project: Path) -> None:
    assert "previz" in engines_for(project)[SHEET]
    request = Request(SHEET, project, "mara", ("previz",))
    quoted = quote(request)
    assert (quoted.to_make, quoted.price, quoted.can_begin) == (3, "free", True)
    assert any("profile" in str(problem) for problem in quoted.problems)


def test_an_audition_needs_something_to_hear(project: Path) -> None:
    with pytest.raises(CastError, match="no scratch voice"):
        quote(Request(AUDITION, project, "mara", ("previz",)))
    sound = project / "line.wav"
    tone = 0.3 * np.sin(2 * np.pi * 150 * np.arange(24000) / 48000)
    write_wav(sound, tone.astype(np.float32), 48000)
    quoted = quote(Request(AUDITION, project, "mara", ("previz",), line="Stay.", audio=sound))
    assert quoted.to_make == 1
    with pytest.raises(InputError, match="no engine"):
        quote(Request(AUDITION, project, "mara", ()))


def test_what_the_child_says_of_its_end_is_brought(project: Path) -> None:
    making = begin(Request(SHEET, project, "nobody", ("previz",)))
    result = making.finished()
    assert result.sheet is None
    assert "nobody" in result.problems[0].message


def test_a_project_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_cast(tmp_path / "gone")
