# SPDX-License-Identifier: Apache-2.0
"""What a machine can hold the simulated Resolve and the scripts to, without Resolve.

Two independent accounts of the API: the package `fusionscript-stubs` (21.0, hand-made from Blackmagic's README of May
2026), and signatures.json (our own data, derived from what is published of 21.1). Only the number of arguments and
which may be left out are compared: names differ between the two, and everything is passed by position.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import vermin

from greenroom.testing.resolve import RELEASES, SimulatedResolve
from greenroom.testing.resolve import gate as gate_module
from greenroom.testing.resolve.versions import since_of

SCRIPTS = Path(__file__).resolve().parents[3] / "resolve_scripts" / "greenroom_resolve"
SIMULATOR = Path(gate_module.__file__).parent
CALLERS = {"ask", "flag", "has", "items", "number", "table", "text"}  # of greenroom_resolve.calling

# Wrong in the stubs, by the README that they were made from (facts/resolve, section 8): a parameter that may be left
# out is written as if it had to be there.
OPTIONAL_AFTER_ALL = {"GetStart", "GetEnd", "GetDuration", "GetLeftOffset", "GetRightOffset", "DeleteClips", "AddTrack"}


class Arity(NamedTuple):
    least: int
    most: int
    any_number: bool = False


def arities(source: str) -> dict[str, dict[str, list[Arity]]]:
    """Of every method of every class in a module, its overloads."""
    found: dict[str, dict[str, list[Arity]]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            methods = found.setdefault(node.name, {})
            for each in node.body:
                if isinstance(each, ast.FunctionDef):
                    methods.setdefault(each.name, []).append(arity(each))
    return found


def arity(function: ast.FunctionDef) -> Arity:
    arguments = function.args.args[1:]
    optional = len(function.args.defaults)
    for each in arguments[: len(arguments) - optional]:
        optional += each.annotation is not None and "Optional" in ast.unparse(each.annotation)
    if function.name in OPTIONAL_AFTER_ALL and optional < len(arguments):
        optional = len(arguments) - (0 if function.name.startswith("Get") else 1)
    return Arity(len(arguments) - optional, len(arguments), function.args.vararg is not None)


@pytest.fixture(scope="module")
def stubs() -> dict[str, dict[str, list[Arity]]]:
    files = importlib.metadata.files("fusionscript-stubs") or []
    path = next(file.locate() for file in files if file.name == "fusionscript.pyi")
    return arities(Path(str(path)).read_text("utf-8"))


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, dict[str, int | str]]]:
    found: dict[str, dict[str, dict[str, int | str]]] = json.loads((SIMULATOR / "signatures.json").read_text("utf-8"))
    return found


def simulated() -> dict[str, dict[str, object]]:
    SimulatedResolve("21.1 Studio")  # loads every class
    classes = gate_module.api_classes()
    return {name: {m: getattr(kind, m) for m in dir(kind) if m[0].isupper()} for name, kind in classes.items()}


def simulated_arity(method: object) -> Arity:
    import inspect

    parameters = list(inspect.signature(method).parameters.values())[1:]  # type: ignore[arg-type]
    least = sum(1 for each in parameters if each.default is each.empty)
    return Arity(least, len(parameters))


def methods() -> list[tuple[str, str]]:
    return sorted((kind, method) for kind, held in simulated().items() for method in held)


@pytest.mark.parametrize(("kind", "method"), methods())
def test_every_simulated_method_is_as_the_stubs_have_it(
    kind: str, method: str, stubs: dict[str, dict[str, list[Arity]]], published: dict[str, dict[str, dict[str, int]]]
) -> None:
    have = simulated_arity(simulated()[kind][method])
    wanted = stubs[kind].get(method)
    if wanted is None:
        assert published[kind][method]["since"], "later than the stubs, so that it needs a version"
        return
    assert any(each.any_number or (each.most == have.most and each.least >= have.least) for each in wanted), wanted


@pytest.mark.parametrize(("kind", "method"), methods())
def test_every_simulated_method_is_as_published_of_21_1(
    kind: str,
    method: str,
    published: dict[str, dict[str, dict[str, int]]],
    stubs: dict[str, dict[str, list[Arity]]],
) -> None:
    have = simulated_arity(simulated()[kind][method])
    known = published[kind].get(method)
    if known is None:
        assert method in stubs[kind], "in neither account"
        return
    assert have == (known["required"], known["required"] + known["optional"], False)


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_newer_than_the_simulated_version_shows(
    release: str, published: dict[str, dict[str, dict[str, str]]]
) -> None:
    with SimulatedResolve(release) as resolve:
        visible = resolve.gate.hello(resolve.program)["visible"]
    for kind, known in published.items():
        for method, held in known.items():
            since = tuple(int(part) for part in held.get("since", "0").split("."))
            if since > RELEASES[release].version:
                assert method not in visible[kind], f"{kind}.{method} came with {held['since']}"


def test_both_accounts_agree_since_when_a_method_is_there(published: dict[str, dict[str, dict[str, str]]]) -> None:
    for kind, held in simulated().items():
        for name, method in held.items():
            since = published[kind].get(name, {}).get("since")
            if since:
                assert since_of(method) == (*map(int, since.split(".")), 0)[:3], f"{kind}.{name}"


def script_files() -> list[Path]:
    return sorted(SCRIPTS.glob("*.py"))


def resolve_calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call of a Resolve method, by name: through `calling`, and as a Step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            name = node.args[1]
            if node.func.id in {*CALLERS, "Step"} and isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node, name.value


def test_every_method_that_the_scripts_call_is_in_both_accounts_and_in_the_simulator(
    stubs: dict[str, dict[str, list[Arity]]], published: dict[str, dict[str, dict[str, int]]]
) -> None:
    called = {method for path in script_files() for _, method in resolve_calls(ast.parse(path.read_text("utf-8")))}
    assert len(called) > 40  # the search finds what it is to find
    in_stubs = {method for held in stubs.values() for method in held}
    in_published = {method for held in published.values() for method in held}
    in_simulator = {method for held in simulated().values() for method in held}
    assert called <= in_simulator
    assert called <= in_stubs | {m for held in published.values() for m, known in held.items() if "since" in known}
    before_21_1 = {"GetSetting", "GetProperty", "SetProperty"}  # dict forms took their place in 21.1
    not_told = {"SaveAsNewRenderPreset", "DeleteRenderPreset"}  # in the README of July 2026; nobody published 21.1's
    assert called - before_21_1 - not_told <= in_published


def test_the_scripts_call_resolve_in_one_place_and_by_position_only() -> None:
    for path in script_files():
        tree = ast.parse(path.read_text("utf-8"))
        for call, method in resolve_calls(tree):
            if isinstance(call.func, ast.Name) and call.func.id in CALLERS:
                assert not call.keywords, f"{path.name}: {method}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                api = node.func.attr in {m for held in simulated().values() for m in held}
                assert not api, f"{path.name}:{node.lineno} calls {node.func.attr} past `calling`"
            assert not (isinstance(node, ast.Name) and node.id == "hasattr"), f"{path.name}: always true in Resolve"


NEVER = {"FinalizeTake", "DeleteAllRenderJobs", "ArchiveProject", "ReplaceClip", "ReplaceClipPreserveSubClip"}


def test_what_can_not_be_taken_back_is_called_nowhere() -> None:
    for path in script_files():
        source = path.read_text("utf-8")
        words = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
        assert not words & NEVER, path.name
        assert not [word for word in words if isinstance(word, str) and word.startswith("Insert")], path.name


@pytest.mark.parametrize(
    "path", [*script_files(), SIMULATOR / "client" / "DaVinciResolveScript.py"], ids=lambda p: p.name
)
def test_the_scripts_are_written_in_python_3_6(path: Path) -> None:
    config = vermin.Config()
    config.set_eval_annotations(True)
    config.add_backport("typing")
    needs = vermin.visit(path.read_text("utf-8"), config).minimum_versions()
    assert needs[1] is not None
    assert needs[1] <= (3, 6), f"{path.name} needs Python {needs[1]}"


def test_the_scripts_import_the_standard_library_only() -> None:
    allowed = {*sys.stdlib_module_names, "greenroom_resolve", "DaVinciResolveScript"}
    for path in script_files():
        source = path.read_text("utf-8")
        assert source.startswith("# SPDX-License-Identifier: Apache-2.0\n"), path.name
        assert len(source.splitlines()) <= 400, path.name
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path.name
