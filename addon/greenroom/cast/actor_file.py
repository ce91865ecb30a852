# SPDX-License-Identifier: Apache-2.0
"""actor.toml: its keys, read whole, with every fault named.

schema = 1
display_name = "Mara Lind"
portrait = "portrait.png"        # a picture in this folder, as are all others
seed = 4711                      # locked; leave it out to let every take have its own
voice = "warm, low"              # scratch voice: words, or a sound file in this folder

[sheet]                          # front, three_quarter_left and _right (where the nose points), profile
front = "front.png"

[prompt]                         # and skin, eyes, asymmetry, hair, lens, light
identity = "a woman of forty, grey eyes"
wardrobe = "green raincoat"

[engines]                        # mode = engine
talk = "previz"

[consent]                        # kept for the record
performer = "drawn, nobody"

[made]                           # by `greenroom cast new`, kept for the record
engine = "previz"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from greenroom.cast.model import Actor
from greenroom.cast.names import folded
from greenroom.cast.prompt_parts import PARTS
from greenroom.cast.version import actor_version
from greenroom.errors import CastError, Problem, Severity, nearest
from greenroom.limits import LARGEST_SEED

__all__ = ["FILE", "SCHEMA", "VIEWS", "read_actor", "voice_file"]

FILE = "actor.toml"
SCHEMA = 1
VIEWS = ("front", "three_quarter", "three_quarter_left", "three_quarter_right", "profile")

_KEYS = ("schema", "display_name", "portrait", "seed", "voice", "sheet", "prompt", "engines", "consent", "made")
_PROMPT_KEYS = tuple(part.name for part in PARTS)


def read_actor(folder: Path) -> tuple[Actor, tuple[Problem, ...]]:
    """The actor in `folder`, and warnings about keys that nobody knows.

    Raises:
        CastError: no actor.toml, not TOML, of a newer version, a value of the wrong kind, or a picture that is
            missing or outside of the folder.
    """
    file = folder / FILE
    values = _parse(file)
    reader = _Reader(folder, file, values)
    reader.check_schema()
    portrait = reader.picture("portrait", reader.text(values, "portrait") or "portrait.png")
    sheet = {view: reader.picture(f"sheet.{view}", name) for view, name in reader.table("sheet").items()}
    prompt, voice = reader.table("prompt"), reader.text(values, "voice")
    identity, wardrobe = prompt.get("identity", ""), prompt.get("wardrobe", "")
    further = {name: text for name, text in prompt.items() if name in _PROMPT_KEYS[1:] and name != "wardrobe" and text}
    seed = reader.seed()
    actor = Actor(
        name=folded(folder.name),
        display_name=reader.text(values, "display_name") or folder.name,
        folder=folder,
        portrait=portrait,
        version=reader.version(portrait, sheet, identity, wardrobe, seed, voice, further),
        sheet=sheet,
        identity=identity,
        wardrobe=wardrobe,
        prompt=further,
        seed=seed,
        voice=voice,
        engines={mode.casefold(): engine for mode, engine in reader.table("engines").items()},
        consent=reader.table("consent", any_scalar=True),
        made=reader.table("made", any_scalar=True),
    )
    warnings = (
        *reader.unknown(values, _KEYS, ""),
        *reader.unknown(sheet, VIEWS, "sheet."),
        *reader.unknown(prompt, _PROMPT_KEYS, "prompt."),
    )
    return actor, warnings


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        hint = f"Add the actor again: greenroom cast add {file.parent.name} --portrait PICTURE"
        raise CastError(f"{file.parent.name} has no {FILE}", hint=hint, where=str(file.parent)) from error
    except OSError as error:
        hint = "Check the permissions of the file and its folder."
        raise CastError(f"{FILE} can't be read: {error.strerror}", hint=hint, where=str(file)) from error
    except UnicodeDecodeError as error:
        raise CastError(f"{FILE} is not text in UTF-8", hint="Save it as UTF-8.", where=str(file)) from error
    except tomllib.TOMLDecodeError as error:
        raise CastError(f"{FILE} is no TOML: {error}", hint="Mend the line that is named.", where=str(file)) from error


class _Reader:
    """Reads values and says where a wrong one stands."""

    def __init__(self, folder: Path, file: Path, values: Mapping[str, Any]) -> None:
        self._folder, self._file, self._values = folder, file, values

    def check_schema(self) -> None:
        schema = self._values.get("schema", SCHEMA)
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            raise self._error(f"schema = {schema!r} is no version", f"Write schema = {SCHEMA}.")
        if schema > SCHEMA:
            message = f"the actor was made by a newer Greenroom (schema {schema}; this one knows {SCHEMA})"
            raise self._error(message, "Update Greenroom: pip install --upgrade greenroom")

    def text(self, values: Mapping[str, Any], key: str) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            raise self._error(f"{key} = {value!r} is no text", f'Write {key} = "..." with quotes.')
        return value

    def seed(self) -> int | None:
        value = self._values.get("seed")
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED):
            return value
        raise self._error(f"seed = {value!r} can't be", f"Write a whole number from 0 to {LARGEST_SEED}.")

    def table(self, name: str, *, any_scalar: bool = False) -> dict[str, str]:
        values = self._values.get(name, {})
        if not isinstance(values, Mapping):
            raise self._error(f"{name} is no table", f"Write [{name}] on a line of its own, and its keys below.")
        if any_scalar:
            return {key: str(value) for key, value in values.items()}
        return {key: self.text(values, key) for key in values}

    def picture(self, key: str, name: str) -> Path:
        path = self._folder / name
        inside = path.resolve().is_relative_to(self._folder.resolve())
        if not inside:
            raise self._error(f'{key} = "{name}" leads out of the folder', "Copy the picture into the actor's folder.")
        if not path.is_file():
            hint = f"Put it there, or: greenroom cast add {self._folder.name} --portrait PICTURE"
            raise self._error(f'{key}: there is no picture "{name}"', hint)
        return path

    def version(
        self,
        portrait: Path,
        sheet: Mapping[str, Path],
        identity: str,
        wardrobe: str,
        seed: int | None,
        voice: str,
        further: Mapping[str, str],
    ) -> str:
        try:
            return actor_version(
                portrait=portrait,
                sheet=sheet,
                identity=identity,
                wardrobe=wardrobe,
                seed=seed,
                voice=voice,
                voice_file=voice_file(self._folder, voice),
                prompt=further,
            )
        except OSError as error:
            raise self._error(f"a picture can't be read: {error.strerror}", "Check its permissions.") from error

    def unknown(self, values: Iterable[str], known: tuple[str, ...], prefix: str) -> list[Problem]:
        return [
            Problem(
                Severity.WARNING, "unknown-key", f'"{prefix}{key}" means nothing', nearest(key, known), str(self._file)
            )
            for key in values
            if key not in known
        ]

    def _error(self, message: str, hint: str) -> CastError:
        return CastError(message, hint=hint, where=str(self._file))


def voice_file(folder: Path, voice: str) -> Path | None:
    """The sound file in the actor's folder that `voice` names; None where it is words."""
    path = folder / voice
    try:
        held = bool(voice) and path.is_file() and path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # words can be too long or too odd for a file name
        return None
    return path if held else None
