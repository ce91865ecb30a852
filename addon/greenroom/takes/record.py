# SPDX-License-Identifier: Apache-2.0
"""take.json: everything that made a take, sorted and readable, schema 1.

schema       1
cue, take, variant, fingerprint, job, created, software
engine       name, version, title, label, settings, and of hosted ones the listing: model, host, endpoint, its day
request      mode, line, motion, seed, options, actor, and the sha256 of every input; paths inside the project only
spec         rate ("24000/1001"), slot, head, tail, width, height, start_frame, codec, fit, colour ...
report       what the engine and the conform said: method, timing, frame map, notes
cost         estimate, paid, currency
remake       whether the same request makes the same pictures again; why not, where it doesn't
provenance   signed or not and why; who signed, with which certificate
warnings     what an editor should know of this take
media, poster, sha256, size          added by the store
extras       other files of the take by what they are ("alpha"): media, sha256, size of each; added by the store
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenroom.errors import StoreError
from greenroom.takes.disk import storing, write_atomically
from greenroom.takes.money import Bill
from greenroom.takes.states import Take

__all__ = ["RECORD", "SCHEMA", "bill_of", "read_record", "read_take", "take_of_record", "write_json"]

RECORD = "take.json"
SCHEMA = 1


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write sorted, readable JSON in one step."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_atomically(path, f"{text}\n".encode())


def read_record(path: Path) -> dict[str, Any]:
    """A JSON file of ours (take.json, cue.json).

    Raises:
        StoreError: missing, broken, or of a newer version.
    """
    try:
        with storing(path):
            value = json.loads(path.read_bytes())
    except ValueError as error:
        raise StoreError(
            f"{path.name} is not readable: {error}",
            hint="Restore it from a backup, or move its folder out of takes/.",
            where=str(path),
        ) from error
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise StoreError(f"{path.name} is not Greenroom's", hint="Move its folder out of takes/.", where=str(path))
    if value["schema"] > SCHEMA:
        raise StoreError(
            f"{path.name} is of a newer Greenroom (schema {value['schema']}, this one knows {SCHEMA})",
            hint="Update Greenroom: pip install --upgrade greenroom",
            where=str(path),
        )
    return value


def read_take(folder: Path) -> Take:
    """The take in `folder`.

    Raises:
        StoreError: no readable take.json, or the media is missing or cut short.
    """
    take = take_of_record(folder, read_record(folder / RECORD))
    size = read_record(folder / RECORD)["size"]
    if not take.media.is_file() or take.media.stat().st_size != size:
        raise StoreError(
            f"{take.media.name} is missing or not as it was written",
            hint="Restore it from a backup, or move the folder away and generate again.",
            where=str(folder),
        )
    return take


def bill_of(record: Mapping[str, Any]) -> Bill | None:
    """What the take cost, as its take.json has it; None where it says nothing that can be read."""
    try:
        cost = record["cost"]
        reported = cost["paid"] is not None
        amount = Decimal(cost["paid"] if reported else cost["estimate"])
        return Bill(str(record["job"]), amount, str(cost["currency"]), reported) if amount.is_finite() else None
    except (AttributeError, KeyError, TypeError, ArithmeticError):
        return None


def take_of_record(folder: Path, record: Mapping[str, Any]) -> Take:
    """A take from the parts of its take.json.

    Raises:
        StoreError: a part is missing or of the wrong kind.
    """
    try:
        spec, engine, request = record["spec"], record["engine"], record["request"]
        return Take(
            cue=str(record["cue"]),
            number=int(record["take"]),
            variant=int(record["variant"]),
            fingerprint=str(record["fingerprint"]),
            engine=str(engine["name"]),
            label=str(engine["label"]),
            mode=str(request["mode"]),
            actor=str(request["actor"]["name"]),
            folder=folder,
            media=folder / Path(record["media"]).name,
            poster=folder / Path(record["poster"]).name,
            sha256=str(record["sha256"]),
            frames=int(spec["frames"]),
            head=int(spec["head"]),
            tail=int(spec["tail"]),
            start_frame=int(spec["start_frame"]),
            rate=str(spec["rate"]),
            width=int(spec["width"]),
            height=int(spec["height"]),
            created=str(record["created"]),
            drop_frame=bool(spec.get("drop_frame", False)),
            warnings=tuple(str(warning) for warning in record["warnings"]),
            extras={str(name): folder / Path(extra["media"]).name for name, extra in record.get("extras", {}).items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"take.json lacks or garbles a part: {error}",
            hint="Restore it from a backup, or move its folder out of takes/.",
            where=str(folder),
        ) from error
