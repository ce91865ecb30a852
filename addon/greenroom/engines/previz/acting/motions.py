# SPDX-License-Identifier: Apache-2.0
"""A motion note read: one action out of a small English vocabulary, its direction, pace and strength.

Pure, and it never raises: what isn't understood is returned, word for word, so that somebody can be told. An image
model of a hosted engine reads the same note as free text; this vocabulary is only what the local engine performs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["VOCABULARY", "Action", "Reading", "Word", "read_motion"]


@dataclass(frozen=True)
class Word:
    """One meaning and every way to write it. `kind` is "action", "direction", "pace", "strength" or "count"."""

    kind: str
    name: str
    written: tuple[str, ...]
    does: str


def _ways(written: str) -> tuple[str, ...]:
    return tuple(written.split())


VOCABULARY = (
    Word("action", "turn", _ways("turn turns turning rotates"), "the head turns and stays there"),
    Word("action", "nod", _ways("nod nods nodding"), "the head nods, twice unless a number is given"),
    Word("action", "shake", _ways("shake shakes shaking"), "the head shakes, twice unless a number is given"),
    Word(
        "action",
        "look",
        _ways("look looks looking glance glances gaze gazes"),
        "the eyes move, the head follows a little",
    ),
    Word("action", "blink", _ways("blink blinks blinking"), "one blink, or as many as are asked for"),
    Word("action", "smile", _ways("smile smiles smiling grin grins"), "a smile comes up and stays"),
    Word(
        "action",
        "frown",
        _ways("frown frowns frowning scowl scowls"),
        "brows and corners of the mouth go down and stay",
    ),
    Word("action", "brows", _ways("brow brows eyebrow eyebrows"), "brows go up and stay, or down"),
    Word(
        "action",
        "breathe",
        _ways("breathe breathes breathing breath sigh sighs inhales exhales"),
        "visible breath, all along",
    ),
    Word("action", "lean", _ways("lean leans leaning"), "the head comes nearer and stays, or goes back or aside"),
    Word("direction", "left", _ways("left leftwards"), "to the viewer's left"),
    Word("direction", "right", _ways("right rightwards"), "to the viewer's right"),
    Word("direction", "up", _ways("up upwards raise raises raised raising lift lifts lifted"), "up"),
    Word("direction", "down", _ways("down downwards lower lowers lowered lowering"), "down"),
    Word("direction", "camera", _ways("camera lens viewer audience us"), "from aside back to the portrait's own view"),
    Word("direction", "away", _ways("away aside off"), "aside, to the side that the portrait is turned to"),
    Word("direction", "forward", _ways("forward forwards closer nearer"), "nearer to the camera"),
    Word("direction", "back", _ways("back backwards"), "away from the camera"),
    Word("pace", "slow", _ways("slow slowly gently gentle gradually calmly softly"), "over most of the slot"),
    Word("pace", "quick", _ways("quick quickly fast suddenly sudden sharply briskly"), "in under half a second"),
    Word(
        "strength", "slight", _ways("slight slightly subtle subtly little bit faint faintly small"), "about half as far"
    ),
    Word(
        "strength",
        "strong",
        _ways("strong strongly wide widely big broad broadly deep deeply far"),
        "as far as a portrait bears",
    ),
    Word("count", "1", _ways("once"), "one time"),
    Word("count", "2", _ways("twice two"), "two times"),
    Word("count", "3", _ways("thrice three"), "three times"),
)
"""All that the engine knows, in the order that documentation shows it."""

_BY_WRITING = {written: word for word in VOCABULARY for written in word.written}
_DIVIDERS = frozenset(("and", "then", "while", "with", "before", "after", "but", "as"))
_NOT = frozenset(("not", "no", "never", "without", "doesn't", "don't", "isn't", "nor", "stops", "stop"))
_FILLERS = frozenset(
    _ways(
        """a an the to towards toward into in at on of for from her his their its she he they it them him herself
    himself themselves your you is are be being was has have head heads face faces faced eye eyes mouth lips chin
    very quite some more one side actor person woman man first also just again who that this there time times give
    gives makes make does do moves move moving"""
    )
)
_TOKENS = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[,;.:!?/|\n]")
_LONGEST = 4000  # characters of a note that are read
_HEADED = frozenset(("head", "chin", "face"))


@dataclass(frozen=True)
class Action:
    """What is performed. `name` is an action of the vocabulary; `direction`, `pace` and `strength` are "" where the
    note leaves them open; `count` is 0 then.
    """

    name: str
    direction: str = ""
    pace: str = ""
    strength: str = ""
    count: int = 0

    def __str__(self) -> str:
        return " ".join(part for part in (self.strength, self.pace, self.name, self.direction) if part)


@dataclass(frozen=True)
class Reading:
    """A note as understood: the `action` that is kept (None: none was found), the names of those `dropped`, the ones
    `denied` by a "not", and the words that mean nothing here, each once, as written.
    """

    action: Action | None
    dropped: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    empty: bool = False

    def warnings(self) -> list[str]:
        """What an editor has to be told about the note."""
        told = []
        if self.dropped:
            others = ", ".join(self.dropped)
            told.append(f'one action is kept: "{self.action}"; left out: {others}. Give each action a cue of its own')
        if self.denied:
            told.append(f"what is not to happen is simply left out, and so was: {', '.join(self.denied)}")
        if self.unknown:
            told.append(f"these words mean nothing to the previz engine: {', '.join(self.unknown)}")
        if self.empty:
            told.append("there is no motion note: the actor only breathes, sways and blinks")
        elif self.action is None:
            known = ", ".join(word.name for word in VOCABULARY if word.kind == "action")
            told.append(
                f"the motion note names no action that the previz engine knows (in English: {known}): the actor only "
                "breathes, sways and blinks"
            )
        return told


@dataclass
class _Clause:
    """One part of the note, up to a comma or an "and"."""

    actions: list[str] = field(default_factory=list)
    rest: dict[str, str] = field(default_factory=dict)  # kind: name, the first that is written counts
    headed: bool = False
    denied: bool = False

    def take(self, word: Word) -> None:
        if word.kind == "action":
            if word.name not in self.actions:
                self.actions.append(word.name)
        elif word.name == "right" and "direction" in self.rest:
            return  # "turns left right away"
        else:
            self.rest.setdefault(word.kind, word.name)

    def settled(self) -> _Clause:
        """With what is meant though no verb says it: "brows raised" is brows, "lifts her chin" turns the head up."""
        if not self.actions and self.rest.get("direction") in ("up", "down") and self.headed:
            self.actions.append("turn")
        # "raises her brows and frowns" are two actions, "a frown of the brows" is one
        if len(self.actions) > 1 and "frown" in self.actions and "brows" in self.actions:
            self.actions.remove("brows")
        return self


def read_motion(note: str, names: Iterable[str] = ()) -> Reading:
    """The one action of `note`; any text is fine. `names` are the actor's, which a note may well hold.

    >>> str(read_motion("Mara turns slowly to camera").action)
    'slow turn camera'
    >>> read_motion("pirouettes, then nods").unknown
    ('pirouettes',)
    """
    unknown: dict[str, None] = {}
    clauses = [clause.settled() for clause in _clauses(note[:_LONGEST], unknown)]
    called = {part for name in names for part in _TOKENS.findall(name.casefold())}
    wanted = [(name, clause) for clause in clauses if not clause.denied for name in clause.actions]
    denied = tuple(dict.fromkeys(name for clause in clauses if clause.denied for name in clause.actions))
    names = list(dict.fromkeys(name for name, _ in wanted))
    action = _action(*wanted[0], clauses) if wanted else None
    return Reading(
        action,
        tuple(names[1:]),
        denied,
        tuple(word for word in unknown if word.casefold() not in called),
        not note.strip(),
    )


def _clauses(note: str, unknown: dict[str, None]) -> Iterator[_Clause]:
    """The clauses of `note`; words without a meaning are added to `unknown`."""
    clause = _Clause()
    for token in _TOKENS.findall(note):
        word = token.casefold().replace("\u2019", "'")
        if not word[0].isalnum() or word in _DIVIDERS:
            yield clause
            clause = _Clause()
        elif word in _NOT:
            clause.denied = True
        elif word in _BY_WRITING:
            clause.take(_BY_WRITING[word])
        elif word in _FILLERS:
            clause.headed |= word in _HEADED
        else:
            unknown[token] = None
    yield clause


def _action(name: str, own: _Clause, clauses: list[_Clause]) -> Action:
    """The action with the manner of its clause, and of clauses that hold nothing but manner ("slowly, turns left")."""
    manner = dict(own.rest)
    for clause in clauses:
        if not clause.actions and not clause.denied:
            for kind, value in clause.rest.items():
                manner.setdefault(kind, value)
    count = int(manner.get("count", "0"))
    return Action(name, manner.get("direction", ""), manner.get("pace", ""), manner.get("strength", ""), count)
