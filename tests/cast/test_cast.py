# SPDX-License-Identifier: Apache-2.0
"""The cast: saved, read, found by any spelling, and every fault of an actor.toml named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.cast import actor_version, find_actor, folder_name, load_cast, save_actor
from greenroom.cast.names import folded
from greenroom.errors import CastError


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "pictures" / "Mara final (2).PNG"
    path.parent.mkdir()
    path.write_bytes(b"\x89PNG pixels of mara")
    return path


@pytest.fixture
def cast_folder(tmp_path: Path) -> Path:
    return tmp_path / "cast"


@pytest.fixture
def write_actor(cast_folder: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        home = cast_folder / "mara"
        home.mkdir(parents=True, exist_ok=True)
        (home / "portrait.png").write_bytes(b"pixels")
        (home / "actor.toml").write_text(text, encoding="utf-8")
        return home / "actor.toml"

    return write


def test_a_saved_actor_has_its_portrait_in_its_folder(cast_folder: Path, portrait: Path) -> None:
    actor = save_actor(cast_folder, "Mara", portrait=portrait, seed=7, identity="grey eyes", engines={"talk": "previz"})
    assert (actor.name, actor.display_name, actor.seed, actor.identity) == ("mara", "Mara", 7, "grey eyes")
    assert actor.portrait == cast_folder / "mara" / "portrait.png"
    assert actor.portrait.read_bytes() == portrait.read_bytes()
    assert load_cast(cast_folder)["MARA"] == actor
    assert [path.name for path in sorted((cast_folder / "mara").iterdir())] == ["actor.toml", "portrait.png"]


def test_an_update_keeps_comments_and_what_is_not_given(
    cast_folder: Path, portrait: Path, write_actor: Callable[[str], Path]
) -> None:
    file = write_actor('# the lead\nschema = 1\nportrait = "portrait.png"\nseed = 7  # agreed on Tuesday\n')
    actor = save_actor(cast_folder, "mara", wardrobe="green raincoat", consent={"performer": "drawn"})
    text = file.read_text()
    assert "# the lead" in text
    assert "seed = 7  # agreed on Tuesday" in text
    assert (actor.seed, actor.wardrobe, actor.consent) == (7, "green raincoat", {"performer": "drawn"})


def test_the_version_follows_what_is_seen_and_nothing_else(cast_folder: Path, portrait: Path) -> None:
    first = save_actor(cast_folder, "mara", portrait=portrait).version
    same = save_actor(cast_folder, "mara", display_name="Mara Lind", consent={"by": "her"}, engines={"talk": "x"})
    assert same.version == first
    versions = {
        first,
        save_actor(cast_folder, "mara", seed=1).version,
        save_actor(cast_folder, "mara", identity="older").version,
        save_actor(cast_folder, "mara", voice="low").version,
        save_actor(cast_folder, "mara", sheet={"front": portrait}).version,
    }
    assert len(versions) == 5
    portrait.write_bytes(b"another picture")
    assert save_actor(cast_folder, "mara", portrait=portrait).version not in versions


def test_a_version_does_not_depend_on_file_names(tmp_path: Path, portrait: Path) -> None:
    copy = tmp_path / "copy.png"
    shutil.copy(portrait, copy)
    assert actor_version(portrait=portrait) == actor_version(portrait=copy)


@pytest.mark.parametrize("written", ["mara", "MARA", " Mara ", "mara lind", "MARA  LIND"])
def test_an_actor_is_found_by_name_and_display_name(cast_folder: Path, portrait: Path, written: str) -> None:
    save_actor(cast_folder, "mara", portrait=portrait, display_name="Mara Lind")
    assert find_actor(load_cast(cast_folder), written).name == "mara"


@pytest.mark.parametrize("written", ["Élodie", "E\u0301lodie", "ÉLODIE", "elodie"])
def test_accents_compare_in_any_unicode_form(cast_folder: Path, portrait: Path, written: str) -> None:
    save_actor(cast_folder, "Élodie", portrait=portrait)
    assert find_actor(load_cast(cast_folder), written).display_name == "Élodie"


def test_an_unknown_actor_lists_the_known_and_the_nearest(cast_folder: Path, portrait: Path) -> None:
    save_actor(cast_folder, "mara", portrait=portrait)
    save_actor(cast_folder, "theo", portrait=portrait)
    with pytest.raises(CastError) as caught:
        find_actor(load_cast(cast_folder), "MRA")
    assert str(caught.value) == 'nobody in the cast is called "MRA". Did you mean "mara"? Known: mara, theo.'
    with pytest.raises(CastError, match="greenroom cast add zz --portrait"):
        find_actor(load_cast(cast_folder), "zz")


def test_an_empty_cast_says_how_to_begin(cast_folder: Path) -> None:
    cast = load_cast(cast_folder)
    assert len(cast) == 0
    with pytest.raises(CastError, match="The cast is empty: greenroom cast add"):
        find_actor(cast, "mara")


def test_a_display_name_that_two_share_is_refused(cast_folder: Path, portrait: Path) -> None:
    save_actor(cast_folder, "mara1", portrait=portrait, display_name="Mara")
    save_actor(cast_folder, "mara2", portrait=portrait, display_name="MARA")
    with pytest.raises(CastError, match="display name of mara1 and mara2"):
        find_actor(load_cast(cast_folder), "mara")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = 1\nportrait = ", "is no TOML"),
        ("schema = 2", "newer Greenroom"),
        ('schema = "1"', "is no version"),
        ("seed = -1", "can't be"),
        ("seed = true", "can't be"),
        ("display_name = 4", "is no text"),
        ('portrait = "gone.png"', 'there is no picture "gone.png"'),
        ('portrait = "../../secret.png"', "leads out of the folder"),
        ('prompt = "grey eyes"', "prompt is no table"),
    ],
)
def test_a_broken_actor_is_a_problem_and_the_others_act_on(
    cast_folder: Path, portrait: Path, write_actor: Callable[[str], Path], text: str, message: str
) -> None:
    save_actor(cast_folder, "theo", portrait=portrait)
    file = write_actor(text)
    cast = load_cast(cast_folder)
    assert list(cast) == ["theo"]
    assert cast.names == ("mara", "theo")
    (problem,) = cast.problems
    assert message in problem.message
    assert problem.where == str(file)
    assert problem.hint
    with pytest.raises(CastError, match=message.split('"')[0].strip()):
        find_actor(cast, "Mara")


def test_a_file_that_is_no_utf_8_says_how_to_save_it(write_actor: Callable[[str], Path], cast_folder: Path) -> None:
    file = write_actor("schema = 1")
    file.write_bytes("schema = 1".encode("utf-16"))
    (problem,) = load_cast(cast_folder).problems
    assert "not text in UTF-8" in problem.message
    assert problem.hint == "Save it as UTF-8."


def test_a_folder_without_actor_toml_says_so(cast_folder: Path) -> None:
    (cast_folder / "mara").mkdir(parents=True)
    assert "has no actor.toml" in load_cast(cast_folder).problems[0].message


def test_an_unknown_key_is_a_warning_with_the_nearest(write_actor: Callable[[str], Path], cast_folder: Path) -> None:
    write_actor('sede = 3\n[prompt]\nwardrob = "coat"\n')
    cast = load_cast(cast_folder)
    assert list(cast) == ["mara"]
    assert 'Did you mean "seed"?' in cast.problems[0].hint
    assert 'Did you mean "wardrobe"?' in cast.problems[1].hint
    assert [problem.code for problem in cast.problems] == ["unknown-key", "unknown-key"]


def test_a_new_actor_needs_a_portrait_that_is_there(cast_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CastError, match="needs a portrait"):
        save_actor(cast_folder, "mara")
    with pytest.raises(CastError, match="no such picture"):
        save_actor(cast_folder, "mara", portrait=tmp_path / "none.png")
    assert not cast_folder.exists()


def test_a_newer_actor_is_not_overwritten(
    cast_folder: Path, portrait: Path, write_actor: Callable[[str], Path]
) -> None:
    file = write_actor("schema = 9\n")
    with pytest.raises(CastError, match="newer Greenroom"):
        save_actor(cast_folder, "mara", portrait=portrait)
    assert file.read_text() == "schema = 9\n"


def test_a_place_that_can_t_be_written_is_named(cast_folder: Path, portrait: Path) -> None:
    cast_folder.write_text("a file where the folder should be")
    with pytest.raises(CastError, match="can't be saved") as caught:
        save_actor(cast_folder, "mara", portrait=portrait)
    assert "free space" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "folder"),
    [("Mara", "mara"), ("Mara Lind", "mara-lind"), ("Élodie", "elodie"), ("../../etc", "etc"), ("CON", "con-actor")],
)
def test_names_become_folders_that_every_system_takes(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_names_in_other_scripts_stay_apart() -> None:
    names = {folder_name(name) for name in ("麻里", "麻理", "Мара", "Мара 2", "Mara麻")}
    assert len(names) == 5


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert folder_name("m" * 60 + "1") != folder_name("m" * 60 + "2")


@pytest.mark.parametrize("other", ["a b", "a\\b", "-A B-"])
def test_nobody_is_recast_as_somebody_of_a_like_name(cast_folder: Path, portrait: Path, other: str) -> None:
    save_actor(cast_folder, "A/B", portrait=portrait)
    with pytest.raises(CastError, match='would get the folder of "A/B"'):
        save_actor(cast_folder, other, portrait=portrait)
    assert save_actor(cast_folder, "a/b", portrait=portrait).display_name == "A/B"


def test_a_name_that_no_note_can_hold_is_refused_with_its_length() -> None:
    with pytest.raises(CastError, match="300 characters"):
        folder_name("x" * 300)


@pytest.mark.parametrize("name", ["", "  ", "...", "/"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CastError, match="can't be an actor's name"):
        folder_name(name)


def test_a_name_that_fits_nowhere_is_refused() -> None:
    assert len(folder_name("a" * 80)) <= 40
    with pytest.raises(CastError, match="81 characters"):
        folder_name("a" * 81)


@given(st.text(min_size=1, max_size=26).filter(lambda name: any(c.isalnum() for c in name)))
def test_any_name_makes_a_legal_folder(name: str) -> None:  # one letter folds to three at most, and 80 are allowed
    folder = folder_name(name)
    assert 0 < len(folder) <= 40
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert folder == folder_name(folded(name))
