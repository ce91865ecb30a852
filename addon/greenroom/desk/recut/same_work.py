# SPDX-License-Identifier: Apache-2.0
"""Whether a take was made from the same things as its cue asks for now, whatever its slot was; and the request that it
was made by, as far as an engine needs it to go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.desk.planning.memory import Memory
from greenroom.desk.planning.model import CuePlan, PlannedTake
from greenroom.desk.planning.prepare import draft_request
from greenroom.engines.contract import Continued, Engine, PictureSource, Request
from greenroom.errors import GreenroomError
from greenroom.media.identity import file_sha256
from greenroom.media.types import ImageSequence, TakeSpec
from greenroom.takes.privacy import plain
from greenroom.takes.states import Take
from greenroom.takes.store import Store

if TYPE_CHECKING:
    from greenroom.takes.ledger import Ledger

__all__ = ["made_from_the_same", "request_of_take"]

_PICTURE = ("width", "height", "codec", "fit", "sample_rate", "rate")
_FOOTAGE = ("stand_in", "plate", "driver")
_MOST_LINKS = 20  # takes that went on from one another; beyond, a take is made as a whole


def made_from_the_same(
    planned: CuePlan,
    wanted: PlannedTake,
    take: Take,
    record: Mapping[str, Any],
    at: int,
    engines: Mapping[str, Engine],
    memory: Memory,
    *,
    shown: bool,
) -> bool:
    """Whether `take` is what `planned` asks for, if its frame `at` lies under the slot's first one. Its dialogue is
    not compared here. `shown`: the clip has the take for its own and only media, as cuts come back from programs that
    know no others; then nobody knows its stand-in any more.
    """
    request, spec = _table(record, "request"), _table(record, "spec")
    cue, engine = planned.cue, _engine_of(planned, take)
    if engine is None or not _same_engine(engine, _table(record, "engine"), engines):
        return False
    now = plain({name: getattr(planned.spec, name) for name in _PICTURE} | {"rate": str(planned.spec.rate)})
    if any(spec.get(name) != now[name] for name in _PICTURE):
        return False
    locked = cue.seed if cue.seed is not None else planned.performer.seed
    if locked is not None and request.get("seed") != wanted.seed:
        return False
    said = (str(cue.mode), _words(cue.line), _words(cue.motion), planned.performer.version)
    actor = _table(request, "actor")
    was = (
        *(request.get("mode"), _words(str(request.get("line", ""))), _words(str(request.get("motion", "")))),
        str(actor.get("version", "")),
    )
    options = {str(key): _words(str(value)) for key, value in _table(request, "options").items()}
    if said != was or options != {key: _words(value) for key, value in planned.options.items()}:
        return False
    footage = _FOOTAGE[1:] if shown else _FOOTAGE
    return all(_same_footage(getattr(planned, name), request.get(name), planned, at, memory) for name in footage)


def request_of_take(planned: CuePlan, take: Take, ledger: Ledger, store: Store, links: int = 0) -> Request | None:
    """The request that `take` was made by; None where it can't be known any more.

    Raises:
        StoreError: its take.json can't be read.
    """
    record = store.record(take)
    request, spec = _table(record, "request"), _spec_of(_table(record, "spec"))
    digest = str(_table(request, "dialogue").get("sha256", ""))
    dialogue = store.object_path(digest) if digest else None
    if links > _MOST_LINKS or spec is None or (dialogue is not None and not dialogue.is_file()):
        return None
    draft = draft_request(planned, PlannedTake(take.variant, int(request.get("seed", 0)), _nothing()))
    made = replace(
        *(draft,), take=take.number, spec=spec, line=str(request.get("line", "")), dialogue=dialogue, continued=None
    )
    before = _table(record, "continued")
    if not before:
        return made
    older = ledger.take(take.cue, int(before["take"]))
    was = request_of_take(planned, older, ledger, store, links + 1)
    if was is None:
        return None
    usable = range(*before["usable"]) if before.get("usable") else None
    return replace(made, continued=Continued(older.number, older.media, int(before["first"]), was, usable))


def _nothing() -> Any:
    from greenroom.engines.contract import Estimate

    return Estimate(None)


def _table(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _engine_of(planned: CuePlan, take: Take) -> CuePlan | None:
    """The plan by the engine that made the take: the chosen one, or one that comes after it."""
    each: CuePlan | None = planned
    while each is not None:
        if each.engine == take.engine:
            return each
        each = each.then
    return None if planned.engine_named else replace(planned, engine=take.engine)


def _same_engine(planned: CuePlan, was: Mapping[str, Any], engines: Mapping[str, Engine]) -> bool:
    engine = engines.get(planned.engine)
    if engine is None or was.get("version") != engine.capabilities().version:
        return False
    return bool(plain(dict(was.get("settings") or {})) == plain(dict(planned.settings)))


def _same_footage(
    source: PictureSource | None, was: Mapping[str, Any] | None, planned: CuePlan, at: int, memory: Memory
) -> bool:
    """Whether the same frames of the same file lie under the slot."""
    if source is None or not was:
        return source is None and not was
    spec = planned.spec
    before = [index for first, count in was.get("frames", ()) for index in range(int(first), int(first) + int(count))]
    now = source.indices[spec.head : spec.head + spec.slot]
    there = range(max(0, at), min(len(before), at + spec.slot))
    if not there or any(before[index] != now[index - at] for index in there):
        return False
    try:
        return _digest(source.media, before, memory) == was.get("sha256")
    except (GreenroomError, OSError):
        return False


def _digest(media: Path | ImageSequence, indices: Sequence[int], memory: Memory) -> str:
    def of_file(path: Path) -> str:
        return memory.text(f"sha256/1:{memory.identity(path)}", lambda: file_sha256(path))

    if not isinstance(media, ImageSequence):
        return of_file(media)
    together = "\n".join(of_file(media.path(index)) for index in sorted(set(indices)))
    return hashlib.sha256(together.encode()).hexdigest()


def _spec_of(described: Mapping[str, Any]) -> TakeSpec | None:
    """The spec that `take_record.describe_spec` wrote down."""
    from greenroom.media.types import Codec, Colour, Fit

    try:
        values = {item.name: described[item.name] for item in fields(TakeSpec) if item.name in described}
        return TakeSpec(
            **values
            | {
                "rate": Fraction(described["rate"]),
                "codec": Codec(described["codec"]),
                "fit": Fit(described["fit"]),
                "colour": Colour(**described["colour"]),
            }
        )
    except (KeyError, TypeError, ValueError):
        return None
