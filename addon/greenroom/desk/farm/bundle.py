# SPDX-License-Identifier: Apache-2.0
"""A cut's work as an Open Job Description bundle, for render farms that speak it (AWS Deadline Cloud, or a wrapper).

A folder with template.json (jobtemplate-2023-09, JSON is YAML): check the cut, make the takes by chunks of cues, review
them, and write the new cut. All machines see the project's folder, and each keeps a ledger of its own: so what is paid
for is one task, on one machine, whose ledger keeps the budget.

Source: https://github.com/OpenJobDescription/openjd-specifications/wiki/2023-09-Template-Schemas
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.errors import InputError
from greenroom.takes.disk import storing

if TYPE_CHECKING:
    from greenroom.desk.planning.model import Plan

__all__ = ["Bundle", "job_template", "write_bundle"]

TEMPLATE = "template.json"
_CHECK, _FREE, _PAID, _REVIEW, _WRITE = "Check", "Generate", "GeneratePaid", "Review", "WriteBack"
_MOST_TASKS = 1024  # values of a task parameter, by the specification


@dataclass(frozen=True)
class Bundle:
    """What is in a bundle: the cues that are made for nothing, by chunks, and those that are paid for. `keys` are the
    environment variables that a machine needs for these, `options` what else was asked for.
    """

    folder: Path
    chunks: tuple[tuple[str, ...], ...]
    paid: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def write_bundle(
    plan: Plan, cut: Path, project: Path, output: Path, folder: Path, *, chunk: int, options: Sequence[str] = ()
) -> Bundle:
    """The bundle of what `plan` has to make, in `folder`, which is made. `options` are the words after "greenroom
    generate" that the plan was made with.

    Raises:
        InputError: there is nothing to make, the folder holds something else, or the cut lies outside of the project.
        StoreError: it can't be written.
    """
    if folder.exists() and any(path.name != TEMPLATE for path in folder.iterdir()):
        raise InputError("the folder holds other things", hint="Name a new folder.", where=str(folder))
    if not cut.absolute().is_relative_to(project.absolute()):
        raise InputError(
            "the cut lies outside of the project's folder, which is all that the farm's machines see",
            hint=f"Copy it into {project}",
            where=str(cut),
        )
    free, paid, keys = _sorted(plan)
    if not free and not paid:
        raise InputError(
            "there is nothing to make: every take is there, or no cue can be made",
            hint="greenroom plan says which; greenroom apply writes takes that are there into the cut.",
            where=str(cut),
        )
    size = max(chunk, -(-len(free) // _MOST_TASKS))
    chunks = tuple(tuple(free[at : at + size]) for at in range(0, len(free), size))
    bundle = Bundle(folder, chunks, tuple(paid), tuple(keys), tuple(options))
    template = job_template(bundle, cut.absolute().relative_to(project.absolute()).as_posix(), output.name, project)
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TEMPLATE).write_text(json.dumps(template, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return bundle


def job_template(bundle: Bundle, cut: str, output: str, project: Path) -> dict[str, Any]:
    """The template as plain JSON. `cut` is its path within the project."""
    making = [_generate(_FREE, bundle.chunks, bundle.options)] if bundle.chunks else []
    if bundle.paid:
        making.append(_generate(_PAID, [bundle.paid], bundle.options))
    made = [step["name"] for step in making]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"Greenroom {Path(cut).name}"[:64],
        "parameterDefinitions": [
            _path("Project", "DIRECTORY", "INOUT", "The project's folder, as the farm's machines see it."),
            _text("Cut", cut, "The cut, within the project."),
            _text("Output", output, "The new cut, within the project."),
        ],
        "steps": [
            _step(_CHECK, ["cues", _IN_PROJECT, *_PROJECT]),
            *(_after(step, [_CHECK]) for step in making),
            _after(_step(_REVIEW, ["review", _IN_PROJECT, *_PROJECT, *_HERE]), made),
            _after(_step(_WRITE, ["apply", _IN_PROJECT, "-o", _NEW_CUT, *_PROJECT]), [_REVIEW]),
        ],
        **_environment(bundle.keys),
    }


_IN_PROJECT = "{{Param.Project}}/{{Param.Cut}}"
_NEW_CUT = "{{Param.Project}}/{{Param.Output}}"
_PROJECT = ("--project", "{{Param.Project}}")
_HERE = ("--farm", "here")  # a task is one machine's work, even where the project has a farm of its own


def _sorted(plan: Plan) -> tuple[list[str], list[str], list[str]]:
    """The cues that cost nothing, those that do, and the variables of the keys that these need."""
    from greenroom.engines.hosted.settings import HOSTS

    hosted = {cue.cue.id: cue.engine for cue, take in plan.to_make if take.estimate.cost != 0}
    free = dict.fromkeys(cue.cue.id for cue, _ in plan.to_make if cue.cue.id not in hosted)
    hosts = {engine.rpartition("@")[2] for engine in hosted.values()}
    keys = [HOSTS[host].key_variables[0] for host in sorted(hosts & set(HOSTS)) if HOSTS[host].key_variables]
    return list(free), list(hosted), keys


def _generate(name: str, chunks: Iterable[Sequence[str]], options: Sequence[str]) -> dict[str, Any]:
    """A step whose tasks make a chunk of cues each. The cut that each writes is thrown away: the last step's stays."""
    words = [" ".join(f"--cue {cue}" for cue in chunk) for chunk in chunks]
    script = 'set -e\nexec greenroom generate "$1" --project "$2" --yes -o "$3" "${@:4}" {{Task.Param.Cues}}\n'
    return {
        "name": name,
        "parameterSpace": {"taskParameterDefinitions": [{"name": "Cues", "type": "STRING", "range": words}]},
        "script": {
            "embeddedFiles": [{"name": "Run", "type": "TEXT", "filename": "generate.sh", "data": script}],
            "actions": {
                "onRun": {
                    "command": "bash",
                    "args": [
                        "{{Task.File.Run}}",
                        _IN_PROJECT,
                        "{{Param.Project}}",
                        "{{Session.WorkingDirectory}}/chunk.otio",
                        *_HERE,
                        *options,
                    ],
                }
            },
        },
    }


def _step(name: str, words: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "script": {"actions": {"onRun": {"command": "greenroom", "args": list(words)}}}}


def _after(step: dict[str, Any], others: Sequence[str]) -> dict[str, Any]:
    return {**step, "dependencies": [{"dependsOn": other} for other in others]}


def _path(name: str, kind: str, flow: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "description": description}


def _text(name: str, default: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "STRING", "default": default, "description": description}


def _environment(keys: Sequence[str]) -> dict[str, Any]:
    """Says which variables a machine has to have; their values are nobody's business here."""
    if not keys:
        return {}
    lines = (f'test -n "${{{key}:-}}" || {{ echo "{key} is not set on this machine"; exit 1; }}\n' for key in keys)
    return {
        "jobEnvironments": [
            {
                "name": "Keys",
                "script": {
                    "embeddedFiles": [{"name": "Look", "type": "TEXT", "filename": "keys.sh", "data": "".join(lines)}],
                    "actions": {"onEnter": {"command": "bash", "args": ["{{Env.File.Look}}"]}},
                },
            }
        ]
    }
