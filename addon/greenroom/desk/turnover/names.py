# SPDX-License-Identifier: Apache-2.0
"""How the files of a turnover are called: a template, held to the names that every department can open.

Netflix's rules for delivery: letters, digits, '.', '_' and '-', no spaces, no accents; what a template puts in is made
so (`takes.names`), what it says itself is checked. A take with a label ("previz") says so in its name, whatever the
template: names are all that some lists keep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from greenroom.cues.model import Cue
from greenroom.errors import ProjectError, nearest
from greenroom.takes.names import cue_folder_name, legal_name
from greenroom.takes.states import Take

__all__ = ["DEFAULT_NAME", "NameTemplate"]

DEFAULT_NAME = "{scene}_{cue}_{actor}_v{take:03d}"
LONGEST = 120
"""Characters of a name: with suffix and folders it has to stay within Windows' 260."""

_FIELDS = ("scene", "cue", "actor", "mode", "take", "engine", "track", "clip")
_LEGAL = re.compile(r"^[A-Za-z0-9._-]*$")
_NUMBER = re.compile(r"^(0?[1-9]d?|d?)$")
_WHERE = "greenroom.toml, turnover.name"


@dataclass(frozen=True)
class NameTemplate:
    """`text` as `[turnover] name` has it; `scene` stands for {scene}."""

    text: str
    scene: str

    @classmethod
    def of(cls, settings: Mapping[str, str], cut_name: str) -> NameTemplate:
        """The template of a project.

        Raises:
            ProjectError: it names what isn't known, or has characters that not every department can open.
        """
        made = cls(settings.get("name") or DEFAULT_NAME, legal_name(settings.get("scene") or cut_name or "cut"))
        made._check()
        return made

    def name(self, cue: Cue, take: Take) -> str:
        """The name of a take's file, without suffix.

        Raises:
            ProjectError: it gets too long.
        """
        values = {
            "scene": self.scene,
            "cue": cue_folder_name(cue.id),
            "actor": legal_name(cue.actor) if cue.actor else "",
            "mode": str(cue.mode),
            "engine": legal_name(take.engine),
            "track": cue.event.track.lower(),
            "clip": legal_name(cue.event.name) if cue.event.name else "",
        }
        name = self.text.format(**values, take=take.number)
        label = legal_name(take.label) if take.label else ""
        if label and label not in name.lower():
            name = f"{name}_{label}"
        name = re.sub(r"([._-])[._-]+", r"\1", name).strip("._-")  # a part that is empty leaves its separators
        if len(name) > LONGEST:
            raise ProjectError(
                f"the name {name[:40]}… has {len(name)} characters, {LONGEST} are possible",
                hint="Leave something out of it.",
                where=_WHERE,
            )
        return name

    def _check(self) -> None:
        try:
            parts = list(Formatter().parse(self.text))
        except ValueError as error:
            raise _wrong(f"{self.text!r} is no template ({error})", f"Write it like {DEFAULT_NAME}") from error
        for literal, field, form, conversion in parts:
            if not _LEGAL.match(literal):
                wrong = "".join(dict.fromkeys(re.sub(r"[A-Za-z0-9._-]", "", literal)))
                raise _wrong(f"{wrong!r} can't be in a file's name", "Use letters, digits, '.', '_' and '-'.")
            if field is None:
                continue
            if field not in _FIELDS:
                raise _wrong(f"{{{field}}} is nothing that a take has", nearest(field, _FIELDS))
            if conversion or not (_NUMBER.match(form or "") if field == "take" else not form):
                raise _wrong(f"{{{field}:{form}}} can't be", "Only {take:03d} has a form; write the others plain.")


def _wrong(message: str, hint: str) -> ProjectError:
    return ProjectError(message, hint=hint, where=_WHERE)
