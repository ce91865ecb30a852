# SPDX-License-Identifier: Apache-2.0
"""Rights: signing beside reading and hashing the file, verifying many takes, the gate, and the record of a long cut."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from measure import Row, compare
from scenes import big_cut

from greenroom.cues.find import read_cues
from greenroom.cues.loading import load
from greenroom.desk import road
from greenroom.desk.rights.disclosing import disclose
from greenroom.engines.previz.drawn.actors import draw
from greenroom.media import write_png
from greenroom.media.takes import TakeWriter
from greenroom.media.types import Codec, TakeSpec
from greenroom.rights.consent import REPLICA, Consent
from greenroom.rights.credentials.identity import Identity, init_identity
from greenroom.rights.credentials.reading import Whole, read_credentials
from greenroom.rights.credentials.signing import Ingredient, sign
from greenroom.rights.credentials.statement import definition
from greenroom.rights.gate import Appearance, GateRule, Use, refusals
from recut import keep_take

TAKES, CUES, CLIPS = 500, 2_000, 10_000
_RECORD: dict[str, Any] = {
    "request": {"mode": "talk", "actor": {"name": "mara", "version": "v"}, "seed": 1, "line": "", "motion": ""},
    "engine": {"name": "previz", "label": "previz", "version": "1"},
    "fingerprint": "f",
    "variant": 1,
}


def rows(folder: Path) -> list[Row]:
    os.environ["GREENROOM_DATA"] = str(folder / "data")
    os.environ["GREENROOM_SIGNING"] = str(folder / "signing")
    identity = init_identity("bench", "bench")
    movie = _movie(folder / "take.mov", 96)
    return [*_signing(folder, movie, identity), _verify(folder, identity), _gate(), _disclose(folder / "long")]


def _movie(path: Path, frames: int) -> Path:
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    with TakeWriter(path, TakeSpec(Fraction(24), frames, 0, 0, 1280, 720, start_frame=0, codec=Codec.PRORES)) as writer:
        for index in range(frames):
            writer.write(np.roll(noise, index, 1))
    return path


def _manifest() -> dict[str, Any]:
    return definition(_RECORD, title="take", version="1", opened=False)


def _signing(folder: Path, movie: Path, identity: Identity) -> list[Row]:
    write_png(folder / "mara.png", draw("mara", 1280, 720))
    portrait = Ingredient("portrait", "mara.png", "inputTo", folder / "mara.png")

    def ours() -> None:
        (folder / "signed.mov").unlink(missing_ok=True)
        sign(movie, folder / "signed.mov", _manifest(), [portrait], identity)

    def theirs() -> None:
        with movie.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    small = _movie(folder / "small.mov", 1)

    def least() -> None:
        (folder / "s.mov").unlink(missing_ok=True)
        sign(small, folder / "s.mov", _manifest(), [portrait], identity)

    size = movie.stat().st_size // 1_000_000
    return [
        # <= 10 ms more than reading and hashing, which is about a tenth of that
        compare(f"sign a take of {size} MB beside reading and hashing it", ours, theirs, at_most=1.1, pairs=5),
        _within("sign a take of one frame", least, 0.01),
    ]


def _verify(folder: Path, identity: Identity) -> Row:
    """One file 500 times: a disk's own time is not ours."""
    whole = folder / "whole.mov"
    sign(_movie(folder / "v.mov", 4), whole, _manifest(), (), identity)
    size = whole.stat().st_size // 1_000_000

    def ours() -> None:
        for _ in range(TAKES):
            assert read_credentials(whole).state is Whole.WHOLE

    return _within(f"verify {TAKES} takes of {size} MB", ours, 60)


def _gate() -> Row:
    jane = Consent("mara", REPLICA, Path("consent.toml"), who="Jane Doe")
    records = [replace(jane, name=f"actor{number}", media=(f"media/{number}_*",)) for number in range(100)]
    appearances = (
        Appearance("face", "the portrait", "mara", "cast/mara/portrait.png", "aa"),
        Appearance("face", "the stand-in", file="media/tom.mov"),
        Appearance("voice", "the voice", "mara", "media/line.wav"),
    )
    use, now = Use(appearances, "talk", host="fal"), datetime.now(UTC)

    def ours() -> None:
        for _ in range(1_000):
            refusals([use], [*records, jane], GateRule(), now)

    return _within("the gate over 1,000 jobs with 100 records", ours, 1.0)


def _disclose(folder: Path) -> Row:
    home = road.init(folder)
    write_png(folder / "mara.png", draw("mara", 1280, 720))
    added = road.add_actor("mara", portrait=folder / "mara.png", project=home.folder)
    cut = big_cut(folder / "cut.otio", CLIPS, cues=CUES)
    for cue in read_cues(load(cut)[1]).cues:
        keep_take(home.takes_folder, cue, added.actor.version)
    disclose(cut, folder / "record", project=folder)  # whatever is found out once is in the ledger

    def ours() -> None:
        made = disclose(cut, folder / "record", project=folder)
        assert sum(shot["take"] > 0 for shot in made.record["shots"]) == CUES

    return _within(f"disclose a cut of {CLIPS:,} clips, {CUES:,} of them takes", ours, 5.0)


def _within(what: str, action: Callable[[], object], seconds: float) -> Row:
    """An absolute promise of the issue, in seconds of processor time; the best of three."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        action()
        taken.append(time.process_time() - started)
    figure = min(taken)
    detail = f"{figure:.3f} s of CPU, the best of 3"
    return Row(what, f"<= {seconds}", figure, figure, max(taken), figure <= seconds, detail)
