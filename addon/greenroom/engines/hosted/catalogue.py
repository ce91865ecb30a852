# SPDX-License-Identifier: Apache-2.0
"""Reads catalogue.toml, with a project's own [models.ID] laid over it. All that is wrong in it is told at once.

[models."fabric-1.0".hosts.fal.price]     # a price that you know better
amount = "0.12"

[models."my-model"]                       # a model of your own, with all that the catalogue says of one
"""

from __future__ import annotations

import datetime
import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from greenroom.cues.model import Mode
from greenroom.engines.hosted.offers import (
    CONFIDENCES,
    KINDS,
    SOURCES,
    UNITS,
    Choice,
    FileLimits,
    Limits,
    Model,
    Offer,
    OutputHabits,
    Price,
    Source,
)
from greenroom.engines.hosted.settings import HOSTS
from greenroom.errors import ProjectError, nearest

__all__ = ["Catalogue", "catalogue"]

FILE = Path(__file__).with_name("catalogue.toml")
_OWN = "greenroom.toml, [models]"
_MODEL_KEYS = ("title", "modes", "kind", "aliases", "notes", "hosts")
_HOST_KEYS = (
    *("endpoint", "inputs", "fixed", "choices", "limits", "price", "output"),
    *("confidence", "sources", "notes", "unusable"),
)


class _Value(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


_Kind = TypeVar("_Kind", bound=_Value)


@dataclass(frozen=True)
class Catalogue:
    """Every model by id. `dated` is when the prices and limits that are shipped were read."""

    models: Mapping[str, Model]
    dated: str

    def named(self, name: str) -> Model | None:
        """The model of that id or alias, in any case."""
        wanted = name.strip().casefold()
        known = (m for m in self.models.values() if wanted in (m.id.casefold(), *(a.casefold() for a in m.aliases)))
        return next(known, None)


def catalogue(own: Mapping[str, Any] | None = None, hosts: tuple[str, ...] = ()) -> Catalogue:
    """The catalogue. `own` is the table [models] of a greenroom.toml; `hosts` come first, in this order.

    Raises:
        ProjectError: words, units or values that can't be, each with its model and host.
    """
    table = _shipped()
    where = str(FILE.name)
    if own:
        table, where = {**table, "models": _laid_over(table["models"], own)}, _OWN
    elif not hosts:
        return _shipped_catalogue()
    return _read(table, hosts, where)


@functools.cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@functools.cache
def _shipped_catalogue() -> Catalogue:
    return _read(_shipped(), (), FILE.name)


def _laid_over(below: Any, above: Any) -> Any:
    """Tables are joined, anything else is replaced; "" takes an input or a fixed value out."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    merged = dict(below)
    for key, value in above.items():
        merged[key] = _laid_over(below[key], value) if key in below else value
    return merged


def _read(table: Mapping[str, Any], hosts: tuple[str, ...], where: str) -> Catalogue:
    dated = table.get("dated")
    check = _Check(str(dated))
    if not isinstance(dated, datetime.date):
        check.faults.append("dated has to be a date")
    models = {name: check.model(name, value, hosts) for name, value in check.table(table, "models", "").items()}
    check.names(models)
    if check.faults:
        raise ProjectError("; ".join(check.faults), hint="Mend these lines.", where=where)
    return Catalogue(models, str(dated))


class _Check:
    """Reads values and gathers what is wrong with them in `faults`."""

    def __init__(self, dated: str) -> None:
        self.dated = dated
        self.faults: list[str] = []

    def model(self, name: str, value: Any, hosts: tuple[str, ...]) -> Model:
        table = self.as_table(value, name)
        self.keys(table, _MODEL_KEYS, name)
        offers = {host: self.offer(f"{name}@{host}", host, of) for host, of in self.table(table, "hosts", name).items()}
        order = sorted(offers, key=lambda host: hosts.index(host) if host in hosts else len(hosts))
        if not offers:
            self.faults.append(f"{name} has no hosts")
        return Model(
            id=name,
            title=self.text(table, "title", name),
            modes=self.words(table, "modes", name, tuple(Mode)),
            kind=self.word(table.get("kind", "video"), KINDS, f"{name}: kind"),
            hosts=tuple(offers[host] for host in order),
            aliases=self.texts(table, "aliases", name),
            notes=self.texts(table, "notes", name),
        )

    def offer(self, where: str, host: str, value: Any) -> Offer:
        table = self.as_table(value, where)
        self.keys(table, _HOST_KEYS, where)
        if host not in HOSTS:
            self.faults.append(f"{where}: there is no host {host}. {nearest(host, HOSTS)}".rstrip("."))
        inputs = {
            name: self.source(word, f"{where}: {name}")
            for name, word in self.table(table, "inputs", where).items()
            if word != ""
        }
        return Offer(
            host=host,
            endpoint=self.text(table, "endpoint", where),
            inputs=inputs,
            fixed={name: fixed for name, fixed in self.table(table, "fixed", where).items() if fixed != ""},
            choices=self.choices(table, where),
            limits=self.limits(self.table(table, "limits", where), where),
            price=self.price(self.table(table, "price", where), where),
            output=self.values(OutputHabits, self.table(table, "output", where), f"{where}: output"),
            confidence=self.word(table.get("confidence", "unknown"), CONFIDENCES, f"{where}: confidence"),
            sources=self.texts(table, "sources", where),
            notes=self.texts(table, "notes", where),
            unusable=str(table.get("unusable", "")),
        )

    def source(self, written: Any, where: str) -> Source:
        source = Source.of(str(written))
        self.word(source.word, SOURCES, where)
        return source

    def choices(self, table: Mapping[str, Any], where: str) -> dict[str, dict[str, Choice]]:
        found: dict[str, dict[str, Choice]] = {}
        for name, values in self.table(table, "choices", where).items():
            place = f"{where}: choices.{name}"
            if name not in table.get("fixed", {}):
                self.faults.append(f"{place} has no value in fixed")
            found[name] = {
                value: self.values(Choice, self.as_table(changes, place), f"{place}.{value}")
                for value, changes in self.as_table(values, place).items()
            }
        return found

    def limits(self, table: Mapping[str, Any], where: str) -> Limits:
        files = {name: self.table(table, name, where) for name in ("picture", "audio", "video")}
        plain = {name: value for name, value in table.items() if name not in files}
        read = {name: self.values(FileLimits, of, f"{where}: limits.{name}") for name, of in files.items()}
        return self.values(Limits, plain, f"{where}: limits", **read)

    def price(self, table: Mapping[str, Any], where: str) -> Price:
        self.word(table.get("unit", UNITS[0]), UNITS, f"{where}: price.unit")
        self.word(table.get("confidence", "unknown"), CONFIDENCES, f"{where}: price.confidence")
        price = self.values(Price, table, f"{where}: price", **({} if "dated" in table else {"dated": self.dated}))
        if (price.amount is None) != (price.confidence == "unknown"):
            self.faults.append(f"{where}: price: an amount goes with a confidence, and without one it is unknown")
        return price

    def names(self, models: Mapping[str, Model]) -> None:
        seen: dict[str, str] = {}
        for model in models.values():
            for name in (model.id, *model.aliases):
                if name.casefold() in seen:
                    self.faults.append(f"{model.id}: {name} is a name of {seen[name.casefold()]} too")
                seen[name.casefold()] = model.id

    def values(self, kind: type[_Kind], table: Mapping[str, Any], where: str, **more: Any) -> _Kind:
        """A value class from its table; each field is read as its type says."""
        types = {each.name: str(each.type) for each in fields(kind)}
        self.keys(table, tuple(types), where)
        read = {
            name: self.value(value, types[name], f"{where}.{name}") for name, value in table.items() if name in types
        }
        return kind(**{**read, **more})

    def value(self, value: Any, kind: str, where: str) -> Any:
        readers: dict[str, Callable[[Any], Any]] = {
            "Decimal": lambda v: _not_negative(Decimal(str(v))),
            "Fraction": lambda v: _not_negative(Fraction(str(v))),
            "int": _whole,
            "bool": _truth,
            "str": str,
            "tuple[str, ...]": lambda v: tuple(map(str, _listed(v))),
            "tuple[int, int]": lambda v: tuple(map(_whole, _listed(v, 2))),
            "tuple[Fraction, Fraction]": lambda v: tuple(Fraction(str(each)) for each in _listed(v, 2)),
            "tuple[Fraction, ...]": lambda v: tuple(Fraction(str(each)) for each in _listed(v)),
        }
        try:
            return readers[kind.removesuffix(" | None")](value)
        except (ValueError, InvalidOperation, ZeroDivisionError):
            self.faults.append(f"{where} can't be {value!r}")
            return None

    def table(self, table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        return self.as_table(table.get(key, {}), f"{where}: {key}" if where else key)

    def as_table(self, value: Any, where: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.faults.append(f"{where} has to be a table")
        return {}

    def keys(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                self.faults.append(f"{where}: {key} is not known. {nearest(key, known)}".rstrip("."))

    def text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        if not isinstance(table.get(key), str) or not table[key].strip():
            self.faults.append(f"{where} has no {key}")
            return ""
        return str(table[key])

    def texts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.value(table.get(key, ()), "tuple[str, ...]", f"{where}: {key}") or ()
        return found

    def words(self, table: Mapping[str, Any], key: str, where: str, known: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.word(word, known, f"{where}: {key}") for word in self.texts(table, key, where))

    def word(self, value: Any, known: tuple[str, ...], where: str) -> str:
        if value not in known:
            self.faults.append(f'{where}: "{value}" is not known. {nearest(str(value), known)}'.rstrip("."))
        return str(value)


_Number = TypeVar("_Number", Decimal, Fraction)


def _not_negative(value: _Number) -> _Number:
    if value < 0:
        raise ValueError(value)
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _listed(value: Any, count: int | None = None) -> list[Any]:
    if not isinstance(value, list | tuple) or (count is not None and len(value) != count):
        raise ValueError(value)
    return list(value)
