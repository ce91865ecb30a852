# SPDX-License-Identifier: Apache-2.0
"""The scripts unchanged in processes of every Python that is here: every version and edition, rate and start."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from greenroom.testing.resolve import RELEASES, SimulatedResolve

SCRIPTS = Path(__file__).resolve().parents[3] / "resolve_scripts"
RATES = ("23.976", "24", "25", "29.97 DF", "30", "50", "59.94")
HEAD, SLOT = 8, 16
_SCRIPT = """
import json, os, sys
import DaVinciResolveScript as door
sys.path.insert(0, sys.argv[1])
from greenroom_resolve.session import Session
from greenroom_resolve.settings import Settings
from greenroom_resolve.snapshot import snapshot_of

def tried(asked):
    os.environ.update(asked["environment"])
    handle = door.scriptapp("Resolve") if asked["outside"] else door.inside()
    settings, lines = Settings({"data": sys.argv[2]}), []
    session = Session(handle, settings, lines.append)
    before = snapshot_of(session.cut)
    session.apply(asked["edits"], "apply", dry=True)
    told = lines[:]
    del lines[:]
    applied = session.apply(asked["edits"], "apply")
    after = snapshot_of(Session(handle, settings, lines.append).cut)
    made = lines[:]
    left = Session(handle, settings, lines.append).undo()
    assert snapshot_of(Session(handle, settings, lines.append).cut) == before
    problems = [str(problem) for problem in applied.problems] + left
    return {"problems": problems, "told": told, "made": made, "after": after}

for line in sys.stdin:
    try:
        answer = tried(json.loads(line))
    except Exception as error:
        answer = {"error": "{}: {}".format(type(error).__name__, error)}
    print(json.dumps(answer), flush=True)
"""


@contextmanager
def script(python: str, own: Path, environment: dict[str, str]) -> Iterator[Callable[[Any], Any]]:
    """A process that tries one simulated Resolve after another."""
    words = [python, "-c", _SCRIPT, str(SCRIPTS), str(own)]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(asked: Any) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask


@pytest.mark.parametrize("release", RELEASES)
def test_every_python_places_takes_to_the_frame_and_undoes_them(
    release: str,
    pythons: list[str],
    resolves: Callable[..., SimulatedResolve],
    movies: Callable[..., Path],
    edit_for: Callable[..., Any],
    tmp_path: Path,
) -> None:
    with SimulatedResolve(release) as any_resolve:
        environment = any_resolve.environment()
    for python in pythons:
        with script(python, tmp_path / "own", environment) as ask:
            for rate, hour in itertools.product(RATES, (0, 1)):
                resolve = resolves(release, rate=rate.split()[0])
                _try(ask, resolve, rate, hour, movies, edit_for)
                resolve.__exit__()


def _try(
    ask: Callable[[Any], Any],
    resolve: SimulatedResolve,
    rate: str,
    hour: int,
    movies: Callable[..., Path],
    edit_for: Callable[..., Any],
) -> None:
    plain, mark = rate.split()[0], ";" if "DF" in rate else ":"
    timeline = resolve.new_timeline("Reel 1", start=f"0{hour}:00:00{mark}00")
    item = resolve.place(timeline, movies(plain), record=timeline.start + 10, frames=SLOT, source=10)
    solid = resolve.generator(timeline, record=timeline.start + 100, frames=SLOT)
    takes = [movies(plain, SLOT + 16, name=name) for name in ("take", "other")]
    edits = [edit_for(item, takes[0], head=HEAD), edit_for(solid, takes[1], head=HEAD, cue="2222")]
    where = (resolve.release.text, rate, hour)
    outside = hour == 1 and resolve.release.python_outside  # half of them from the menu, half from outside
    answer = ask({"environment": resolve.environment({}), "edits": edits, "outside": outside})
    if not resolve.release.python_in_menus:
        assert answer["error"].startswith("ResolveError: Resolve gives no access to scripts"), where
        return
    assert (answer.get("error"), answer["problems"]) == (None, []), where
    assert answer["made"] == answer["told"], where
    first, above = (track["items"] for track in answer["after"]["tracks"][:2])
    assert [each["greenroom"]["role"] for each in first] == ["stand_in", "stand_in"], where
    assert (above[0]["start"], above[0]["frames"], above[0]["source_start"]) == (solid.start, SLOT, HEAD), where
    assert (item.selected_take, item.source_in, item.frames) == (1, 10, SLOT), where
    assert (solid.enabled, len(timeline.tracks["video"])) == (True, 1), where
