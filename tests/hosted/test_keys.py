# SPDX-License-Identifier: Apache-2.0
"""Keys: the order in which they are found, how they are kept, and what is told of them."""

from __future__ import annotations

import os
import stat
import traceback
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend

from greenroom.engines.hosted.keys import KeyPlaces, need_key
from greenroom.errors import EngineUnavailable, InputError, StoreError


class Ring(KeyringBackend):
    """A keyring in memory. `mood`: "well", "locked" (raises), or "forgetful" (says yes and keeps nothing)."""

    priority = 5
    name = "test ring"

    def __init__(self, mood: str = "well") -> None:
        self.mood = mood
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        self._complain()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._complain()
        if self.mood != "forgetful":
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._complain()
        del self.kept[service, username]

    def _complain(self) -> None:
        if self.mood == "locked":
            raise RuntimeError("org.freedesktop.Secret.Error.IsLocked")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys.toml"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_environment_goes_before_the_file_and_the_file_before_the_keyring(file: Path) -> None:
    environ = {"GREENROOM_FAL_KEY": "one", "FAL_KEY": "two"}
    KeyPlaces({}, file, Ring("locked")).set("fal", "three")
    ring = Ring()
    ring.kept["greenroom", "fal"] = "four"
    places = KeyPlaces(environ, file, ring)
    found = []
    for take_away in (
        lambda: environ.pop("GREENROOM_FAL_KEY"),
        lambda: environ.pop("FAL_KEY"),
        file.unlink,
        lambda: ring.kept.clear(),
    ):
        key = places.find("fal")
        assert key is not None
        assert key.source == places.places("fal")[0]
        found.append((key.reveal(), key.source))
        take_away()
    assert found == [
        ("one", "the variable GREENROOM_FAL_KEY"),
        ("two", "the variable FAL_KEY"),
        ("three", str(file)),
        ("four", "the keyring (test ring)"),
    ]
    assert (places.find("fal"), places.places("fal")) == (None, ())


@pytest.mark.parametrize(
    ("host", "variable"),
    [
        ("fal", "FAL_KEY"),
        ("replicate", "REPLICATE_API_TOKEN"),
        ("sync", "SYNC_API_KEY"),
        ("kling", "KLING_API_KEY"),
        ("dashscope", "DASHSCOPE_API_KEY"),
        ("comfyui", "GREENROOM_COMFYUI_KEY"),
    ],
)
def test_providers_own_variables_are_known(file: Path, host: str, variable: str) -> None:
    key = KeyPlaces({variable: " abc\n"}, file, Ring()).find(host)
    assert key is not None
    assert key.reveal() == "abc"


def test_a_key_is_kept_in_the_keyring_and_an_older_one_in_the_file_goes(file: Path) -> None:
    KeyPlaces({}, file, Ring("locked")).set("fal", "old")
    ring = Ring()
    places = KeyPlaces({}, file, ring)
    assert places.set("fal", "new") == "the keyring (test ring)"
    assert ring.kept == {("greenroom", "fal"): "new"}
    assert "old" not in file.read_text("utf-8")


@pytest.mark.parametrize("mood", ["locked", "forgetful"])
def test_a_keyring_that_fails_leaves_it_to_the_file(file: Path, mood: str) -> None:
    places = KeyPlaces({}, file, Ring(mood))
    assert places.set("fal", "abc") == str(file)
    key = places.find("fal")
    assert key is not None
    assert key.reveal() == "abc"


def test_the_file_is_its_owners_only(file: Path) -> None:
    before = os.umask(0)
    try:
        KeyPlaces({}, file, Ring("locked")).set("fal", "abc")
    finally:
        os.umask(before)
    assert (mode_of(file), mode_of(file.parent)) == (0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["keys.toml"]


def test_a_file_that_others_can_read_is_told_with_the_command_that_mends_it(file: Path) -> None:
    places = KeyPlaces({}, file, Ring("locked"))
    places.set("fal", "abc")
    file.chmod(0o644)
    told = [str(problem) for problem in places.problems() if problem.code == "keys-readable"]
    assert told == [
        f"{file}: others on this machine can read the keys (permissions 644). "
        f"chmod 600 {file}, and make new keys if others were at it."
    ]
    assert places.find("fal") is not None
    places.set("replicate", "def")  # mended by the next write
    assert mode_of(file) == 0o600
    assert not [problem for problem in places.problems() if problem.code == "keys-readable"]


def test_a_key_survives_its_file_with_all_its_signs(file: Path) -> None:
    secret = r"""a"b\c'd:e=f#g{h}"""
    places = KeyPlaces({}, file, Ring("locked"))
    places.set("fal", secret)
    places.set("replicate", "other")
    key = places.find("fal")
    assert key is not None
    assert key.reveal() == secret


def test_removing_takes_it_out_everywhere_but_the_environment(file: Path) -> None:
    ring = Ring("locked")
    places = KeyPlaces({"FAL_KEY": "env"}, file, ring)
    places.set("fal", "abc")
    ring.mood = "well"
    ring.kept["greenroom", "fal"] = "def"
    assert places.remove("fal") == (str(file), "the keyring (test ring)")
    assert places.places("fal") == ("the variable FAL_KEY",)
    assert places.remove("fal") == ()


@pytest.mark.parametrize("secret", ["", "  ", "two words", "line\r\nX-Evil: 1", "schlüssel", "a\x00b", "x" * 5000])
def test_what_no_header_can_carry_is_refused_and_not_repeated(file: Path, secret: str) -> None:
    with pytest.raises(InputError) as caught:
        KeyPlaces({}, file, Ring()).set("fal", secret)
    assert not secret.strip() or secret not in str(caught.value)
    assert not file.exists()


def test_a_variable_that_is_no_key_is_named(file: Path) -> None:
    with pytest.raises(InputError, match="FAL_KEY") as caught:
        KeyPlaces({"FAL_KEY": "two words"}, file, Ring()).find("fal")
    assert "two words" not in str(caught.value)


def test_a_broken_file_is_told_without_what_is_in_it(file: Path) -> None:
    file.parent.mkdir()
    for text in ('fal = "very-secret', "fal = very-secret\n[x", "fal = 7", '[fal]\nkey = "very-secret"'):
        file.write_text(text, "utf-8")
        with pytest.raises(InputError, match="HOST = ") as caught:
            KeyPlaces({}, file, Ring()).find("fal")
        assert "very-secret" not in "".join(traceback.format_exception(caught.value))
        assert caught.value.__context__ is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(tmp_path / "gone" / "drive")
    with pytest.raises(StoreError, match=r"keys\.toml"):
        KeyPlaces({}, tmp_path / "config" / "keys.toml", Ring("locked")).set("fal", "abc")


def test_no_key_names_the_next_step(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_KEYS", str(file))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.delenv("FAL_KEY", raising=False)
    with pytest.raises(EngineUnavailable, match=r"no key for fal.*greenroom keys set fal.*GREENROOM_FAL_KEY"):
        need_key("fal")
    file.parent.mkdir()
    file.write_text('fal = "abc"', "utf-8")
    assert need_key("fal").reveal() == "abc"


@pytest.mark.parametrize("call", ["find", "remove", "places"])
def test_an_unknown_host_names_the_nearest(file: Path, call: str) -> None:
    with pytest.raises(InputError, match='Did you mean "replicate"'):
        getattr(KeyPlaces({}, file, Ring()), call)("replicat")


def test_a_keyring_that_works_is_no_news(file: Path) -> None:
    assert KeyPlaces({}, file, Ring()).problems() == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't be read \(Is a directory"):
        KeyPlaces({}, tmp_path, Ring()).find("fal")
