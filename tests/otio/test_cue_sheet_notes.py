# SPDX-License-Identifier: Apache-2.0
"""Notes as cue sheets read and write them: the same as the core's grammar reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.cues.grammar import parse_note
from greenroom_otio.cue_sheet_notes import read_note, rewritten, written_note

NOTES = [
    'GR: actor=MARA mode=talk line="I never left."',
    'gr#7f3a: line="a \\"quoted\\" word" actor=mara, mode=talk; take=best',
    "GR: actor=“Zoë O'Hara” note=turns",
    'GR: actor=MARA line="never closes mode=talk',
    "GR: actor=MARA actor=THEO",
    "@mara talk: I never left.",
    '@mara: "I never left."',
    '@"Mara 2" talk: left',
    "@old man lipsync: Who's there?",
    "@old man: Who's there?",
    "a remark\nGR: actor=MARA\nline=gone\n@theo: later",
    "remark\r\n@theo animate: turns",
    "no note at all",
    "@john",
    "GR actor=MARA",
    "",
]
# small letters of a few kinds, so that hypothesis meets notes often
PIECES = st.sampled_from(
    [
        "GR",
        "gr#7f3a",
        ":",
        " ",
        "@",
        "mara",
        "mode",
        "=",
        '"',
        "\\",
        "“",
        "”",
        "talk",
        ",",
        "line",
        "\n",
        "é",
        "x1",
        "#",
    ]
)


@pytest.mark.parametrize("text", NOTES)
def test_notes_are_read_as_the_core_reads_them(text: str) -> None:
    agree(text)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_whatever_is_written(text: str) -> None:
    agree(text)


@given(st.lists(PIECES, max_size=10).map("".join))
def test_notes_in_full_dress(text: str) -> None:
    agree(f"GR: actor=mara {text}")


def agree(text: str) -> None:
    ours, theirs = read_note(text), parse_note(text)
    assert (ours is None) == (theirs is None)
    if ours is None or theirs is None:
        return
    known = {key: spaced(value) for key, value in theirs.pairs.items()}
    assert {key: spaced(value) for key, value in ours.values.items() if key in known} == known
    assert (ours.id, ours.short, spaced(ours.text)) == (theirs.id, theirs.short, spaced(theirs.text))


def spaced(text: str) -> str:
    return " ".join(text.split())


def changed(text: str, **values: str) -> str:
    note = read_note(text)
    assert note is not None
    return rewritten(text, note, values)


def test_only_what_was_changed_is_touched() -> None:
    text = 'GR#7f3a:  line="I never left."  seed=12 actor=MARA mode=talk'
    assert changed(text, line='He said "no".') == 'GR#7f3a:  line="He said \\"no\\"."  seed=12 actor=MARA mode=talk'
    assert changed(text, actor="Zoë O'Hara") == 'GR#7f3a:  line="I never left."  seed=12 actor="Zoë O\'Hara" mode=talk'
    assert changed(text, note="turns away") == f'{text} note="turns away"'
    assert changed(text, line="") == "GR#7f3a:   seed=12 actor=MARA mode=talk"


def test_other_lines_of_a_marker_stay() -> None:
    text = "for Tom:\nGR: actor=MARA mode=talk\n"
    assert changed(text, mode="animate") == "for Tom:\nGR: actor=MARA mode=animate\n"


def test_a_short_note_becomes_a_long_one() -> None:
    assert changed("@old man talk: Hello", line="Bye", actor="MARA") == 'GR: actor=MARA mode=talk line="Bye"'


def test_an_id_is_written_where_there_is_none() -> None:
    note = read_note("GR: actor=MARA")
    assert note is not None
    assert rewritten("GR: actor=MARA", note, {"mode": "talk"}, "7f3a") == "GR#7f3a: actor=MARA mode=talk"


@given(st.text(), st.text(), st.sampled_from(["line", "note"]))
def test_whatever_is_written_into_a_note_is_read_out_of_it(before: str, after: str, key: str) -> None:
    text = written_note("7f3a", {"actor": "mara", key: before})
    note = read_note(text)
    assert note is not None
    found = read_note(rewritten(text, note, {key: after}))
    assert found is not None
    printable = "".join(letter if letter.isprintable() else " " for letter in after)
    assert found.values.get(key, "") == spaced(printable)
    assert found.id == "7f3a"
