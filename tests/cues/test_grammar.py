# SPDX-License-Identifier: Apache-2.0
"""Notes: every way of writing one, what survives shouting, and that nothing an editor types raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.cues.grammar import KNOWN_KEYS, looks_like_note, parse_note, write_note
from greenroom.cues.model import Mode

_printable = st.text(st.characters(min_codepoint=32, exclude_categories=("C", "Z")) | st.just(" "), max_size=60)
_words = _printable.map(str.strip).filter(bool)
_ids = st.from_regex(r"[0-9a-z]{4,8}", fullmatch=True) | st.just("")
_options = st.dictionaries(
    st.sampled_from([key for key in KNOWN_KEYS if key not in {"actor", "mode", "line", "note"}]), _words, max_size=5
)


def test_keys_come_in_any_order_and_any_case() -> None:
    parsed = parse_note('GR: Line="I never left." MODE=talk actor=MARA')
    assert parsed is not None
    assert parsed.pairs == {"line": "I never left.", "mode": "talk", "actor": "MARA"}
    assert parsed.problems == ()
    assert not parsed.id


def test_an_id_is_read_in_lower_case() -> None:
    parsed = parse_note("  gr#7F3A : ACTOR=MARA")
    assert parsed is not None
    assert parsed.id == "7f3a"


@pytest.mark.parametrize(
    ("text", "actor", "mode", "said"),
    [
        ("@mara talk: I never left.", "mara", "talk", "I never left."),
        ("@mara:", "mara", None, ""),
        ("@MARA TALK: I NEVER LEFT.", "MARA", "TALK", "I NEVER LEFT."),
        ('@mara talk: "I never left."', "mara", "talk", "I never left."),
        ("@Mara Lind talk: Yes: no.", "Mara Lind", "talk", "Yes: no."),
        ("@mara tlak: Hi", "mara", "tlak", "Hi"),
        ('@"Mara Lind": walks in', "Mara Lind", None, "walks in"),
        ("@Élodie animate: marche", "Élodie", "animate", "marche"),
    ],
)
def test_the_short_form(text: str, actor: str, mode: str | None, said: str) -> None:
    parsed = parse_note(text)
    assert parsed is not None
    assert parsed.short
    assert (parsed.pairs["actor"], parsed.pairs.get("mode"), parsed.text) == (actor, mode, said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fix the colour",
        "GREAT: take",
        "@",
        "@:",
        "mail bob@example.org: hi",
        "GRADE: warmer",
        "@00:12 cut",
        "GR#abc: a=b",
    ],
)
def test_other_remarks_are_no_notes(text: str) -> None:
    assert parse_note(text) is None


def test_curly_quotes_and_commas_are_what_text_fields_make_of_it() -> None:
    parsed = parse_note("GR: actor=MARA, mode=talk; line=“I never left.”")
    assert parsed is not None
    assert parsed.pairs == {"actor": "MARA", "mode": "talk", "line": "I never left."}
    assert parsed.problems == ()


def test_an_unknown_key_names_the_nearest_and_its_column() -> None:
    parsed = parse_note("GR: actr=MARA mode=talk")
    assert parsed is not None
    assert parsed.pairs == {"mode": "talk"}
    (problem,) = parsed.problems
    assert problem.code == "unknown-key"
    assert '"actr" at column 5' in problem.message
    assert 'Did you mean "actor"?' in problem.hint


def test_a_doubled_key_keeps_the_first_and_says_so() -> None:
    parsed = parse_note("GR: actor=MARA actor=THEO")
    assert parsed is not None
    assert parsed.pairs["actor"] == "MARA"
    assert [problem.code for problem in parsed.problems] == ["doubled-key"]


def test_words_without_a_key_are_named() -> None:
    parsed = parse_note("GR: actor=MARA please hurry")
    assert parsed is not None
    (problem,) = parsed.problems
    assert problem.code == "stray-text"
    assert '"please hurry" at column 16' in problem.message


def test_a_quote_that_never_closes_takes_the_rest() -> None:
    parsed = parse_note('GR: actor=MARA line="I never left')
    assert parsed is not None
    assert parsed.pairs["line"] == "I never left"
    assert [problem.code for problem in parsed.problems] == ["open-quote"]
    assert "close it" in parsed.problems[0].hint


def test_a_note_may_follow_other_lines_and_go_on_over_several() -> None:
    parsed = parse_note('see mail of Tuesday\r\nGR: actor=MARA\nmode=talk\nline="I never\nleft."')
    assert parsed is not None
    assert parsed.pairs == {"actor": "MARA", "mode": "talk", "line": "I never left."}


@pytest.mark.parametrize("text", ["GR actor=MARA", "GR#7f: actor=MARA", "gr; actor=MARA"])
def test_what_nearly_is_a_note_is_recognised(text: str) -> None:
    assert parse_note(text) is None
    assert looks_like_note(text)


def test_a_written_note_reads_as_an_editor_would_write_it() -> None:
    text = write_note(id="7f3a", actor="MARA", mode="talk", line="I never left.", options={"take": "best"})
    assert text == 'GR#7f3a: actor=MARA mode=talk line="I never left." take=best'


def test_an_id_or_a_key_that_no_note_has_is_refused() -> None:
    with pytest.raises(ValueError, match="is no id"):
        write_note(id="No")
    with pytest.raises(ValueError, match='Did you mean "takes"'):
        write_note(options={"takess": "2"})


@given(id=_ids, actor=_words, mode=st.sampled_from(Mode), line=_printable, note=_printable, options=_options)
def test_a_note_comes_back_as_it_was_written(
    id: str, actor: str, mode: Mode, line: str, note: str, options: dict[str, str]
) -> None:
    parsed = parse_note(write_note(id=id, actor=actor, mode=str(mode), line=line, note=note, options=options))
    assert parsed is not None
    expected = {"actor": actor, "mode": str(mode), "line": line, "note": note, **options}
    assert parsed.pairs == {key: value for key, value in expected.items() if value}
    assert parsed.id == id
    assert parsed.problems == ()


@given(id=_ids, actor=_words, mode=st.sampled_from(Mode), line=_printable, options=_options)
def test_a_note_survives_an_edl_that_shouts(
    id: str, actor: str, mode: Mode, line: str, options: dict[str, str]
) -> None:
    text = write_note(id=id, actor=actor, mode=str(mode), line=line, options=options).upper()
    parsed = parse_note(text)
    assert parsed is not None
    assert parsed.id == id
    assert parsed.pairs["actor"] == actor.upper()
    assert parsed.pairs["mode"].casefold() == mode
    assert {key: parsed.pairs[key] for key in options} == {key: value.upper() for key, value in options.items()}


@given(st.text(max_size=300))
def test_whatever_is_written_is_read_back_in_one_line(line: str) -> None:
    text = write_note(actor="MARA", line=line)
    assert text.isprintable()
    parsed = parse_note(text)
    assert parsed is not None
    assert len(parsed.pairs.get("line", "")) == len(line)


@given(st.text(max_size=300))
def test_garbage_never_raises(text: str) -> None:
    for begin in ("", "GR:", "GR#7f3a:", "@mara:", "@", '@"'):
        parsed = parse_note(begin + text)
        assert parsed is None or set(parsed.pairs) <= set(KNOWN_KEYS)
    looks_like_note(text)


@pytest.mark.parametrize(
    "unit", ["a", "a=“ ", 'a="', "=", "\n", "GR: ", "@a ", " ", '"\\', "actor=x ", "@a:\n", "line="]
)
def test_a_pasted_book_is_read_quickly(unit: str) -> None:
    started = time.perf_counter()
    parse_note("GR: " + unit * (1_000_000 // len(unit)))
    parse_note(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - started < 2
