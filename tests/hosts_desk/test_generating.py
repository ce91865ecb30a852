# SPDX-License-Identifier: Apache-2.0
"""Takes for a host's timeline: made, told, placed, called off, and taken up again after every kind of end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.desk.generating.job_events import JobEvent, JobStep
from greenroom.hosts.batches import Teller
from greenroom.hosts.protocol import STATE_OF_STEP, STATES


def placed(edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [edit for edit in edits if edit["do"] == "place_take"]


def test_a_batch_is_told_as_it_goes_and_ends_with_edits(child: Any, timeline: Any, project: Path) -> None:
    batch = child.call("generate", snapshot=timeline.values)["batch"]
    done = child.finished(batch)
    assert (done["made"], done["failed"], done["interrupted"]) == (2, 0, False)
    told = [each["params"] for each in child.told if each["method"] == "progress"]
    of_first = [each["state"] for each in told if each["item"] == "slug-1"]
    assert list(dict.fromkeys(of_first)) == ["submitted", "running", "conforming", "done"]
    first, mark, second, _ = done["edits"]
    assert (first["do"], first["item"], first["start"], first["frames"]) == ("place_take", "slug-1", 151, 10)
    assert (first["head"], first["tail"], first["media_frames"]) == (8, 8, 26)
    assert (first["item_start"], first["item_frames"], first["track"]) == (151, 10, 3)
    assert (first["rate"], first["size"], first["label"]) == ([24, 1], [320, 180], "previz")
    assert first["source_start_timecode"] == "00:59:59:16"
    assert Path(first["path"]).is_file()
    assert Path(first["poster"]).is_file()
    assert Path(first["path"]).is_relative_to(project)
    assert (mark["do"], mark["item"], mark["marker"], mark["old"]) == (
        "mark",
        "slug-1",
        None,
        "@mara talk: I never left.",
    )
    assert mark["text"].startswith(f"GR#{first['cue']}: actor=mara")
    assert second["start"] == 161


def test_what_was_made_is_applied_later_and_costs_nothing_again(child: Any, timeline: Any) -> None:
    made = child.finished(child.call("generate", snapshot=timeline.values)["batch"])
    later = child.call("apply", snapshot=timeline.values)
    assert later["edits"] == made["edits"]
    only = child.call("apply", snapshot=timeline.values, only=["slug-2"])
    assert {edit["item"] for edit in only["edits"]} == {"slug-2"}
    for edit in placed(made["edits"]):
        timeline.show(edit)
    cues = child.call("cues", snapshot=timeline.values)["cues"]
    assert [(cue["item"], cue["shown"], cue["circled"], cue["status"]) for cue in cues] == [
        ("slug-1", 1, 1, "takes"),
        ("slug-2", 1, 1, "takes"),
    ]
    assert child.call("plan", snapshot=timeline.values)["to_make"] == 0
    again = child.finished(child.call("generate", snapshot=timeline.values)["batch"])
    assert again["made"] == 0
    assert placed(again["edits"]) == placed(made["edits"])


def test_only_what_was_asked_for_is_made_and_placed(child: Any, timeline: Any) -> None:
    done = child.finished(child.call("generate", snapshot=timeline.values, only=["slug-2"], takes=2)["batch"])
    assert done["made"] == 2
    assert {edit["item"] for edit in done["edits"]} == {"slug-2"}
    (edit,) = placed(done["edits"])
    assert edit["take"] == 2


def test_another_note_for_one_call_is_written_where_the_old_one_stands(child: Any, timeline: Any) -> None:
    notes = {"slug-1": "@mara animate: nods"}
    done = child.finished(child.call("generate", snapshot=timeline.values, only=["slug-1"], notes=notes)["batch"])
    (mark,) = [edit for edit in done["edits"] if edit["do"] == "mark"]
    assert mark["old"] == "@mara talk: I never left."
    assert "mode=animate" in mark["text"]


def test_other_questions_are_answered_while_takes_are_made(child: Any, timeline: Any) -> None:
    batch = child.call("generate", snapshot=timeline.values)["batch"]
    child.progress("running")
    assert len(child.call("cues", snapshot=timeline.values)["cues"]) == 2
    assert child.call("hello", protocol=1)
    assert not [each for each in child.told if each["method"] == "finished"]
    assert child.finished(batch)["made"] == 2


def test_the_slot_is_where_the_transition_begins(child: Any, new_timeline: Any, project: Path) -> None:
    timeline = new_timeline(rate=[24000, 1001], start=86400)
    timeline.item(1, "before", "colour", 86400, 40)
    timeline.item(1, "slug", "colour", 86440, 20, note="@mara animate: nods")
    timeline.item(1, "dissolve", "transition", 86436, 8)
    done = child.finished(child.call("generate", snapshot=timeline.values)["batch"])
    (edit,) = placed(done["edits"])
    assert (edit["start"], edit["frames"], edit["item_start"], edit["item_frames"]) == (86436, 24, 86440, 20)
    assert (edit["head"], edit["media_frames"], edit["tail"]) == (8, 40, 8)
    assert edit["rate"] == [24000, 1001]


def test_footage_of_another_rate_that_is_played_frame_for_frame(child: Any, new_timeline: Any, project: Path) -> None:
    """A file of 25 fps whose every frame Blender plays in a cut of 24: the take is of the cut's rate and length."""
    from greenroom.testing.materials import write_movie

    movie = write_movie(project / "stand in.mov", 20, Fraction(25))
    timeline = new_timeline()
    more = {"media": str(movie), "media_rate": [25, 1], "media_frames": 20, "plays": "frames", "source_start": 2}
    timeline.item(1, "footage", "movie", 201, 18, **more)
    timeline.item(2, "slug", "colour", 201, 18, note="GR: actor=mara mode=animate over=V1")
    done = child.finished(child.call("generate", snapshot=timeline.values)["batch"])
    assert done["failed"] == 0, done["problems"]
    (edit,) = placed(done["edits"])
    assert (edit["frames"], edit["media_frames"], edit["rate"]) == (18, 34, [24, 1])


def test_a_stand_in_that_is_trimmed_later_keeps_its_takes_in_step(child: Any, new_timeline: Any, project: Path) -> None:
    from greenroom.testing.materials import write_movie

    movie = write_movie(project / "stand in.mov", 40)
    timeline = new_timeline()
    more = {"media": str(movie), "media_rate": [24, 1], "media_frames": 40, "plays": "frames", "source_start": 12}
    clip = timeline.item(1, "footage", "movie", 201, 14, note="GR: actor=mara mode=animate", **more)
    place, mark = child.finished(child.call("generate", snapshot=timeline.values)["batch"])["edits"]
    assert (place["head"], place["source_start"]) == (8, 4)
    clip.update(note=mark["text"], start=204, frames=9, source_start=15)  # 3 frames off the head, 2 off the tail
    later, _ = child.call("apply", snapshot=timeline.values)["edits"]
    assert (later["take"], later["start"], later["frames"]) == (1, 204, 9)
    assert (later["head"], later["tail"]) == (11, place["tail"] + 2)


def test_a_take_stays_where_the_editor_slipped_it(child: Any, timeline: Any) -> None:
    done = child.finished(child.call("generate", snapshot=timeline.values, only=["slug-1"], takes=2)["batch"])
    place, mark = done["edits"]
    slug = timeline.values["tracks"][0]["items"][0]
    slug["note"] = mark["text"]
    timeline.show({**place, "head": place["head"] + 2})  # slipped by 2 frames
    slug.update(start=153, frames=8)  # and then the placeholder was trimmed
    chosen = child.call("choose", snapshot=timeline.values, item="slug-1", take="previous")
    assert (chosen["edits"][0]["take"], chosen["edits"][0]["start"], chosen["edits"][0]["head"]) == (1, 153, 12)
    slug.update(start=301, frames=8)  # moved away from under its take: that begins anew
    assert child.call("apply", snapshot=timeline.values)["edits"][0]["head"] == 8


def test_a_batch_that_can_do_nothing_fails_and_the_next_goes_on(child: Any, timeline: Any) -> None:
    broken = json.loads(json.dumps(timeline.values))
    for item in broken["tracks"][0]["items"]:
        item["note"] = "GR: actor=NOBODY mode=talk"
    first = child.call("generate", snapshot=broken)["batch"]
    second = child.call("generate", snapshot=timeline.values, only=["slug-1"])["batch"]
    failed = child.wait_for(lambda each: each["method"] == "failed")["params"]
    assert failed["batch"] == first
    assert failed["error"]["data"]["problems"][0]["code"] == "unknown-actor"
    assert child.finished(second)["made"] == 1


def test_a_batch_is_called_off_while_it_works_and_while_it_waits(child: Any, timeline: Any) -> None:
    at_work = child.call("generate", snapshot=timeline.values, takes=2)["batch"]
    waiting = child.call("generate", snapshot=timeline.values, takes=4)["batch"]
    child.progress("running")
    assert child.call("cancel", batch=waiting) == {"cancelled": True}
    assert child.finished(waiting)["interrupted"]
    assert child.call("cancel", batch=at_work) == {"cancelled": True}
    done = child.finished(at_work)
    assert done["interrupted"]
    assert done["made"] < 4
    assert child.call("cancel", batch=at_work) == {"cancelled": False}
    go_on = child.finished(child.call("generate", snapshot=timeline.values, takes=2)["batch"])
    assert go_on["made"] == 4 - done["made"]


def test_killed_mid_way_the_next_child_goes_on(start: Any, timeline: Any, project: Path) -> None:
    killed = start()
    killed.call("generate", snapshot=timeline.values, takes=2)
    killed.progress("done")
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    child = start()
    found = child.call("jobs", project=str(project))
    assert found["interrupted"] == [{"document": str(project / "scene.blend"), "timeline": "scene-1", "engine": ""}]
    assert found["jobs"]
    other = {**timeline.values, "timeline": {**timeline.values["timeline"], "uid": "another scene"}}
    assert child.call("resume", project=str(project), snapshot=other)["batches"] == []
    timeline.values["tracks"][0]["items"][0]["start"] = 150  # moved and trimmed meanwhile: its slot is another
    timeline.values["tracks"][0]["items"][0]["frames"] = 11
    (batch,) = child.call("resume", project=str(project), snapshot=timeline.values)["batches"]
    done = child.finished(batch)
    assert not done["interrupted"]
    assert {edit["item"] for edit in placed(done["edits"])} == {"slug-1", "slug-2"}
    assert placed(done["edits"])[0]["start"] == 150
    assert child.call("jobs", project=str(project))["interrupted"] == []


def test_a_host_that_leaves_stops_its_child_in_order(start: Any, timeline: Any, project: Path, until: Any) -> None:
    child = start()
    child.call("generate", snapshot=timeline.values, takes=2)
    child.progress("running")
    assert child.close() == 0
    again = start()
    (batch,) = again.call("resume", project=str(project))["batches"]
    assert again.finished(batch)["failed"] == 0


def test_sigterm_stops_a_child_in_order(start: Any, timeline: Any, project: Path) -> None:
    child = start()
    child.call("generate", snapshot=timeline.values, takes=3)
    child.progress("running")
    child.process.send_signal(signal.SIGTERM)
    assert child.process.wait(30) == 143
    assert b"Traceback" not in child.errors
    assert start().call("jobs", project=str(project))["interrupted"]


def test_a_child_ends_with_a_host_that_is_killed(
    timeline: Any, project: Path, environment: dict[str, str], start: Any, until: Any
) -> None:
    """The host dies without a word: the pipe's end is all that its child hears."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "generate", "params": {"snapshot": timeline.values, "takes": 3}}
    parent = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-m', 'greenroom', 'host'], "
        "stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdin.write(sys.stdin.buffer.readline()); child.stdin.flush()\n"
        "while b'running' not in child.stdout.readline(): pass\n"
        "print(child.pid, flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    host = subprocess.Popen([sys.executable, "-c", parent], env=environment, **pipes)
    assert host.stdin is not None
    assert host.stdout is not None
    host.stdin.write(json.dumps(request).encode() + b"\n")
    host.stdin.flush()
    child = int(host.stdout.readline())
    host.kill()
    host.wait()
    until(lambda: not alive(child))
    assert start().call("jobs", project=str(project))["interrupted"]


def alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    except OSError:
        os.kill(process, 0)
        return True
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_two_hosts_on_one_project_make_each_take_once(start: Any, timeline: Any, project: Path) -> None:
    hosts = [start(), start()]
    batches = [host.call("generate", snapshot=timeline.values)["batch"] for host in hosts]
    assert hosts[1].call("resume", project=str(project))["batches"] == []  # the other one is at work on it
    ends = [host.finished(batch) for host, batch in zip(hosts, batches, strict=True)]
    assert placed(ends[0]["edits"]) == placed(ends[1]["edits"])
    assert len(list((project / "takes").glob("*/take_*"))) == 2


def test_progress_is_throttled_but_a_change_of_state_is_always_told() -> None:
    said: list[dict[str, Any]] = []
    now = [0.0]

    class Listener:
        def notify(self, method: str, params: dict[str, Any]) -> None:
            said.append(params)

    teller = Teller(Listener(), "b1", clock=lambda: now[0])
    for step in range(100):
        now[0] = step / 100
        teller.tell(JobEvent("job", "cue", 1, JobStep.RUNNING, step / 100))
        teller.tell(JobEvent("job", "cue", 2, JobStep.RUNNING, step / 100))
    assert 18 <= len(said) <= 22
    teller.tell(JobEvent("job", "cue", 1, JobStep.RUNNING, None, "at work on render-03"))
    assert said[-1]["message"] == "at work on render-03", "words that are new are told, however soon"
    teller.tell(JobEvent("job", "cue", 1, JobStep.DONE, 1.0))
    assert said[-1]["state"] == "done"


def test_every_step_has_a_state_that_hosts_know() -> None:
    assert set(STATE_OF_STEP) == {str(step) for step in JobStep}
    assert set(STATE_OF_STEP.values()) == set(STATES)
