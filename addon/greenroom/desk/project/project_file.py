# SPDX-License-Identifier: Apache-2.0
"""greenroom.toml: its text when new, and its values checked. All that is wrong in it is told at once."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, TypeVar

from greenroom.cues.model import Mode
from greenroom.desk.farm.settings import FarmSettings, read_farm
from greenroom.errors import FrameError, Problem, ProjectError, Severity, nearest
from greenroom.frames import exact_rate
from greenroom.limits import LARGEST_HANDLES
from greenroom.media.types import Codec, Fit
from greenroom.review.preflight.table import LEVELS, rules
from greenroom.rights.gate import LEVELS as RIGHTS_LEVELS

__all__ = ["SCHEMA", "Settings", "project_text", "read_settings"]

SCHEMA = 1
_CURRENCY = re.compile(r"^[A-Z]{3}$")  # ISO 4217
_ID = re.compile(r"^[0-9a-zA-Z-]{8,64}$")  # it names a folder

_KEYS = (
    "schema",
    "id",
    "handles",
    "rate",
    "output",
    "engines",
    "budget",
    "hosts",
    "models",
    "review",
    "preflight",
    "turnover",
    "rights",
    "farm",
)
_OUTPUT_KEYS = ("codec", "width", "height", "fit")
_REVIEWED = ("hosted", "all", "none")
_TURNOVER_KEYS = ("name", "scene")
_RIGHTS_KEYS = ("consent", "here", "sign", "prompts", "scene", "language", "answers")
_BUDGET_KEYS = ("limit", "currency", "ask_above", "allow_unknown_cost")

_TEXT = """\
# A Greenroom project. Cuts lie in this folder or below; cast/ holds the actors, takes/ what they performed.
schema = {schema}
id = "{id}"

# Extra frames before and after each slot, so that a take can be trimmed and slipped.
handles = {handles}

# The frame rate of cuts that don't carry one (EDLs).
{rate}

[output]
codec = "prores"  # prores, prores4444, dnxhr or h264
fit = "fit"       # fit, fill or crop
# width = 1920    # left out: as the cut
# height = 1080

# Which engine performs a mode; a cue's or an actor's own choice goes first. An engine's settings have a table of
# their own: [engines.previz]
[engines]
# talk = "previz"                 # or "fabric-1.0, then previz"

# Hosts of hosted models: those that are named here are asked first, in this order. Their keys are kept elsewhere:
# greenroom keys set fal
# [hosts.fal]
# jobs_at_once = 4          # of all desks of the project together
# requests_a_minute = 100   # likewise

# What the whole project may cost: nothing is sent that would pass it. See: greenroom spend
[budget]
# limit = 20.00
# currency = "USD"
# ask_above = 5.00            # a run that costs more needs --yes
# allow_unknown_cost = false  # true: under a limit, send also what nobody knows the price of

# What speaks against a take before it is made: off, note, warning or error. See: greenroom explain
[preflight]
# GR101 = "off"

# How the files of a turnover are called: greenroom turnover
[turnover]
# name = "{{scene}}_{{cue}}_{{actor}}_v{{take:03d}}"
# scene = "sc01"             # left out: the cut's name

# Who agreed to be performed: strict, warn or off, for engines elsewhere and for those on this machine. docs/rights.md
[rights]
# consent = "strict"
# here = "off"
# language = "en"            # what consents are limited by; the scene is the cut's name unless it is said here
# sign = true                # new takes get content credentials, where a certificate was made: greenroom sign --init
# prompts = false            # true: with the words that were asked for

# What is measured of takes: greenroom review. Thresholds have a table each.
[review]
# after_generate = "hosted"  # "all", or "none": which takes are reviewed as soon as they are made
# [review.identity]
# amber = 0.55

# Machines that do the heavy work: greenroom farm
# [farm]
# address = "farm.local"
# ledger = "desk.local:8787"  # where one machine serves this project's ledger to all: greenroom farm ledger
# store = "/mnt/show/.greenroom-farm"  # where files are exchanged: a folder that all of them see, or s3://BUCKET/FOLDER
"""


@dataclass(frozen=True)
class Settings:
    """The checked values of a greenroom.toml."""

    id: str
    handles: int
    rate: Fraction | None
    codec: Codec
    width: int | None
    height: int | None
    fit: Fit
    engines: Mapping[str, str] = field(default_factory=dict)
    engine_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hosts: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    budget_limit: Decimal | None = None
    budget_currency: str = "USD"
    ask_above: Decimal | None = None
    allow_unknown_cost: bool = False
    preflight: Mapping[str, str] = field(default_factory=dict)
    review_after: str = "hosted"
    review_thresholds: Mapping[str, Any] = field(default_factory=dict)
    turnover: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Any] = field(default_factory=dict)
    farm: FarmSettings = field(default_factory=FarmSettings)
    problems: tuple[Problem, ...] = ()


def project_text(project_id: str, *, handles: int, rate: str) -> str:
    """A new greenroom.toml.

    Raises:
        ProjectError: too many handles.
        FrameError: `rate` is no rate.
    """
    if not 0 <= handles <= LARGEST_HANDLES:
        raise ProjectError(f"{handles} handle frames can't be", hint=f"Choose 0 to {LARGEST_HANDLES}.")
    if rate:
        exact_rate(rate)
    line = f'rate = "{rate}"' if rate else '# rate = "25"'
    return _TEXT.format(schema=SCHEMA, id=project_id, handles=handles, rate=line)


def read_settings(table: Mapping[str, Any], where: str) -> Settings:
    """Checks the values of a parsed greenroom.toml.

    Raises:
        ProjectError: a newer schema, or values that can't be used, all of them named.
    """
    _check_schema(table, where)
    check = _Check(where)
    output = check.table(table, "output")
    engines = check.table(table, "engines")
    budget = check.table(table, "budget")
    review = check.table(table, "review")
    check.keys(table, _KEYS, "")
    check.keys(output, _OUTPUT_KEYS, "output.")
    check.keys(budget, _BUDGET_KEYS, "budget.")
    chosen = {key: value for key, value in engines.items() if isinstance(value, str)}
    check.keys(chosen, tuple(Mode), "engines.")
    settings = Settings(
        id=check.project_id(table.get("id")),
        handles=check.whole(table.get("handles", 8), "handles", 0, LARGEST_HANDLES) or 0,
        rate=check.rate(table.get("rate")),
        codec=check.choice(output.get("codec", Codec.PRORES), Codec, "output.codec"),
        width=check.size(output.get("width"), "output.width"),
        height=check.size(output.get("height"), "output.height"),
        fit=check.choice(output.get("fit", Fit.FIT), Fit, "output.fit"),
        engines=chosen,
        engine_settings={key: dict(value) for key, value in engines.items() if isinstance(value, Mapping)},
        hosts=check.table(table, "hosts"),
        models=check.table(table, "models"),
        budget_limit=check.money(budget.get("limit"), "budget.limit"),
        budget_currency=check.currency(budget.get("currency", "USD")),
        ask_above=check.money(budget.get("ask_above"), "budget.ask_above"),
        allow_unknown_cost=check.yes(budget.get("allow_unknown_cost", False), "budget.allow_unknown_cost"),
        preflight=check.switches(check.table(table, "preflight")),
        review_after=check.review_after(review.get("after_generate", "hosted")),
        review_thresholds={key: value for key, value in review.items() if key != "after_generate"},
        turnover=check.words(table, "turnover", _TURNOVER_KEYS),
        rights=check.rights(check.table(table, "rights")),
        farm=read_farm(check.table(table, "farm"), where),
        problems=tuple(check.warnings),
    )
    if (settings.width is None) != (settings.height is None):
        check.faults.append("output.width and output.height go together")
    if check.faults:
        raise ProjectError("; ".join(check.faults), hint="Mend these lines of greenroom.toml.", where=where)
    return settings


def _check_schema(table: Mapping[str, Any], where: str) -> None:
    schema = table.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ProjectError("schema is missing or no number", hint=f"Write schema = {SCHEMA}.", where=where)
    if schema > SCHEMA:
        raise ProjectError(
            f"the project was made by a newer Greenroom (schema {schema}; this one knows {SCHEMA})",
            hint="Update Greenroom: pip install --upgrade greenroom",
            where=where,
        )


_Choice = TypeVar("_Choice", bound=enum.StrEnum)


class _Check:
    """Reads values, and gathers what is wrong (`faults`) and what is only odd (`warnings`)."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[str] = []
        self.warnings: list[Problem] = []

    def table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = table.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.faults.append(f"{key} has to be a table: [{key}]")
        return {}

    def keys(self, table: Mapping[str, Any], known: Iterable[str], prefix: str) -> None:
        known = tuple(known)
        for key in table:
            if key not in known:
                message = f"{prefix}{key} is not a setting and is left out"
                hint = nearest(key, known)
                self.warnings.append(Problem(Severity.WARNING, "unknown-setting", message, hint, self.where))

    def switches(self, table: Mapping[str, Any]) -> dict[str, str]:
        """What the project says of rules of preflight, by code."""
        found = {}
        for name, level in table.items():
            if name.upper() not in rules():
                self.keys({name: level}, rules(), "preflight.")
            elif str(level) not in LEVELS:
                self.faults.append(f"preflight.{name} can't be {level!r}. Known: {', '.join(LEVELS)}")
            else:
                found[name.upper()] = str(level)
        return found

    def rights(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The table [rights], whose answers are asked for by rule files."""
        self.keys(table, _RIGHTS_KEYS, "rights.")
        for name in ("consent", "here"):
            if table.get(name, "off") not in RIGHTS_LEVELS:
                self.faults.append(f"rights.{name} can't be {table[name]!r}. Known: {', '.join(RIGHTS_LEVELS)}")
        for name in ("sign", "prompts"):
            if name in table:
                self.yes(table[name], f"rights.{name}")
        for name in ("scene", "language"):
            if not isinstance(table.get(name, ""), str):
                self.faults.append(f"rights.{name} has to be text, not {table[name]!r}")
        self.table(table, "answers")
        return {key: value for key, value in table.items() if key in _RIGHTS_KEYS}

    def words(self, table: Mapping[str, Any], name: str, known: tuple[str, ...]) -> dict[str, str]:
        """A table whose values are text."""
        found = self.table(table, name)
        self.keys(found, known, f"{name}.")
        wrong = [key for key in known if key in found and not isinstance(found[key], str)]
        self.faults += [f"{name}.{key} has to be text, not {found[key]!r}" for key in wrong]
        return {key: value for key, value in found.items() if key in known and isinstance(value, str)}

    def project_id(self, value: Any) -> str:
        if isinstance(value, str) and _ID.match(value):
            return value
        self.faults.append("id has to be 8 to 64 letters, digits and dashes")
        return ""

    def whole(self, value: Any, name: str, low: int, high: int) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.faults.append(f"{name} has to be a whole number from {low} to {high}, not {value!r}")
        return None

    def size(self, value: Any, name: str) -> int | None:
        if value is None:
            return None
        # 4:2:0 and 4:2:2 pictures have even sides; 16 to 8192 is what the three codecs write
        checked = self.whole(value, name, 16, 8192)
        if checked is not None and checked % 2:
            self.faults.append(f"{name} has to be even, not {checked}")
        return checked

    def rate(self, value: Any) -> Fraction | None:
        if value is None:
            return None
        try:
            return exact_rate(value if isinstance(value, int | float | str) else str(value))
        except FrameError as error:
            self.faults.append(f"rate: {error.message}")
            return None

    def choice(self, value: Any, kind: type[_Choice], name: str) -> _Choice:
        try:
            return kind(str(value).casefold())
        except ValueError:
            self.faults.append(f"{name} can't be {value!r}. {nearest(str(value), list(kind))}".rstrip("."))
            return next(iter(kind))

    def currency(self, value: Any) -> str:
        name = str(value).strip().upper()
        if not _CURRENCY.match(name):
            self.faults.append(f'budget.currency has to be three letters, as "USD", not {value!r}')
        return name

    def yes(self, value: Any, name: str) -> bool:
        if not isinstance(value, bool):
            self.faults.append(f"{name} has to be true or false, not {value!r}")
        return value is True

    def review_after(self, value: Any) -> str:
        word = ("all" if value else "none") if isinstance(value, bool) else value
        if word not in _REVIEWED:
            self.faults.append(f'review.after_generate has to be "hosted", "all" or "none", not {value!r}')
        return str(word)

    def money(self, value: Any, name: str) -> Decimal | None:
        if value is None:
            return None
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            self.faults.append(f"{name} has to be an amount, not {value!r}")
            return None
        return amount
