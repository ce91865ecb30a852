# SPDX-License-Identifier: Apache-2.0
"""cast new and cast pick from the command line: previz without network, hosted models at loopback hosts, paid once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from greenroom.cast import save_actor
from greenroom.desk.budget import Agreed
from greenroom.desk.casting.shots import Shot, make, open_casting, plan_shots
from greenroom.engines.contract import Performer
from greenroom.testing.servers import Fault

WHOLE = (
    *("--identity", "a woman of forty, long face", "--skin", "fair, freckles", "--eyes", "green"),
    *("--asymmetry", "left brow higher", "--hair", "auburn waves", "--wardrobe", "a teal jumper"),
    *("--lens", "85 mm", "--light", "soft window light"),
)
Run = Callable[..., Any]


def actor_file(project: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((project / "cast" / name / "actor.toml").read_text("utf-8"))


def test_candidates_are_drawn_without_network_and_one_becomes_the_actor(run: Run, nobody_cast: Path) -> None:
    made = run("cast", "new", "Mara", *WHOLE, "--candidates", "2", "--seed", "7", "--json")
    assert made.status == 0, made.err
    value = made.value
    assert [(each["number"], each["seed"], each["label"], each["usable"]) for each in value["candidates"]] == [
        (1, 7, "previz", True),
        (2, 8, "previz", True),
    ]
    assert (value["quote"]["cost"], value["quote"]["problems"]) == ("0", [])
    assert cv2.imread(value["sheet"]).shape[0] > 300
    first, second = (cv2.imread(each["picture"]) for each in value["candidates"])
    assert first.shape == (720, 1280, 3)
    assert np.abs(first.astype(int) - second).mean() > 1
    assert "previz" in Path(value["candidates"][0]["picture"]).read_bytes()[:400].decode("latin-1")
    picked = run("cast", "pick", "mara", "2", "--json")
    assert picked.status == 0, picked.err
    written = actor_file(nobody_cast, "mara")
    assert (written["seed"], written["prompt"]["hair"], written["made"]["label"]) == (8, "auburn waves", "previz")
    assert (nobody_cast / "cast" / "mara" / "portrait.png").read_bytes() == (
        Path(value["candidates"][1]["picture"]).read_bytes()
    )
    assert run("cast", "list", "--json").value["problems"] == []


def test_the_same_words_again_make_nothing_new_and_more_candidates_only_what_is_missing(run: Run) -> None:
    ask = ("cast", "new", "theo", "--prompt", "an old man with a white beard", "--json", "--candidates")
    first = run(*ask, "1").value
    again = run(*ask, "1").value
    assert (again["quote"]["to_make"], again["quote"]["cached"]) == (0, 1)
    assert again["candidates"] == first["candidates"]
    more = run(*ask, "2").value
    assert (more["quote"]["to_make"], more["quote"]["cached"]) == (1, 1)
    assert more["candidates"][0] == first["candidates"][0]


def test_a_weak_prompt_is_told_what_it_lacks_before_anything_is_paid(run: Run, open_host: Run, drawn: Run) -> None:
    fal = open_host("fal", drawn("mara"))
    weak = ("cast", "new", "mara", "--prompt", "a woman with grey eyes", "--engine", "flux-2-pro", "--candidates", "1")
    refused = run(*weak, "--json")
    assert refused.status == 2
    assert {problem["code"] for problem in refused.error["problems"]} == {
        "no-skin",
        "no-asymmetry",
        "no-hair",
        "no-wardrobe",
        "no-lens",
        "no-light",
    }
    assert "--yes" in refused.error["hint"]
    assert fal.requests == []
    assert run(*weak, "--yes").status == 0
    assert fal.billed() == 1


def test_candidates_of_a_hosted_model_are_quoted_looked_over_and_paid_once(
    run: Run, open_host: Run, drawn: Run
) -> None:
    fal = open_host("fal", drawn("mara"))
    ask = ("cast", "new", "mara", *WHOLE, "--engine", "flux-2-pro", "--candidates", "3", "--seed", "40", "--json")
    quote = run(*ask, "--dry-run").value["quote"]
    assert (quote["to_make"], Decimal(quote["cost"]), quote["engines"]) == (3, Decimal("0.09"), ["flux-2-pro@fal"])
    assert fal.requests == []
    made = run(*ask)
    assert made.status == 0, made.err
    assert [job.inputs["seed"] for job in sorted(fal.jobs, key=lambda job: job.inputs["seed"])] == [40, 41, 42]
    prompts = {job.inputs["prompt"] for job in fal.jobs}
    assert len(prompts) == 1
    (prompt,) = prompts
    assert prompt.startswith("a woman of forty, long face, fair, freckles, green, left brow higher, auburn waves")
    assert "Light: soft window light." in prompt
    assert all(each["usable"] for each in made.value["candidates"])
    assert run(*ask).value["candidates"] == made.value["candidates"]
    assert fal.billed() == 3
    assert fal.leaks() == []
    spent = run("spend", "--json")
    assert spent.status == 0
    assert "0.09" in spent.out


def test_a_candidate_that_is_no_portrait_says_so_and_can_not_be_picked(run: Run, open_host: Run, drawn: Run) -> None:
    open_host("fal", drawn("nobody"))
    made = run("cast", "new", "mara", *WHOLE, "--engine", "seedream", "--candidates", "1", "--json")
    (candidate,) = made.value["candidates"]
    assert (candidate["usable"], candidate["problems"][0]["code"]) == (False, "no-face")
    picked = run("cast", "pick", "mara", "1")
    assert picked.status == 2
    assert "no face that looks to the camera was found" in picked.err


def test_an_answer_that_was_lost_is_never_paid_for_again(run: Run, open_host: Run, drawn: Run) -> None:
    fal = open_host("fal", drawn("mara"))
    fal.switch(Fault.DROPPED)
    ask = ("cast", "new", "mara", *WHOLE, "--engine", "seedream", "--candidates", "1", "--json")
    lost = run(*ask)
    assert (lost.status, lost.value["failed"][0]["outcome"]) == (3, "unknown")
    assert run(*ask).status == 3
    assert fal.billed() == 1
    (job,) = run("jobs", "--json").value["jobs"]
    assert (job["cue"], job["mode"], job["state"]) == ("cast-mara", "portrait", "unknown")
    assert run("jobs", "attach", job["job"], fal.jobs[0].id, "--json").value["jobs"][0]["next"][0] == (
        "The next cast new goes on with it."
    )
    found = run(*ask)
    assert (found.status, len(found.value["candidates"]), fal.billed()) == (0, 1, 1)


def test_a_budget_stops_it_before_anything_is_sent(run: Run, open_host: Run, drawn: Run, nobody_cast: Path) -> None:
    fal = open_host("fal", drawn("mara"))
    project = nobody_cast / "greenroom.toml"
    project.write_text(project.read_text("utf-8").replace("[budget]", "[unbudgeted]") + '\n[budget]\nlimit = "0.05"\n')
    refused = run("cast", "new", "mara", *WHOLE, "--engine", "seedream", "--candidates", "2", "--json")
    assert (refused.status, refused.error["error"]) == (3, "BudgetError")
    assert fal.requests == []


def test_models_that_change_a_picture_need_one(run: Run, open_host: Run, drawn: Run) -> None:
    fal = open_host("fal")
    ask = ("cast", "new", "mara", *WHOLE, "--engine", "flux-kontext@fal", "--candidates", "1", "--json")
    refused = run(*ask)
    assert refused.status == 2
    assert "--reference PICTURE" in refused.error["problems"][0]["hint"]
    made = run(*ask, "--reference", drawn("ines"), "--yes")
    assert made.status == 0, made.err
    assert fal.jobs[0].inputs["prompt"].startswith("The same person as in the reference picture")
    assert fal.jobs[0].inputs["image_url"].startswith(fal.media_url)


def test_every_image_model_makes_a_picture(run: Run, open_host: Run, drawn: Run) -> None:
    hosts = [open_host("fal", drawn("mara")), open_host("replicate", drawn("mara"))]
    listed = [each for each in run("engines", "--json").value["engines"] if each["modes"] == ["portrait"]]
    assert {each["listing"]["kind"] for each in listed} == {"image"}
    assert len(listed) >= 13
    assert {each["listing"]["unit"] for each in listed} == {"image", "megapixel"}
    assert all(each["limits"]["reference"] and each["listing"]["confidence"] for each in listed)
    with open_casting() as desk:
        plans = [_one_picture(desk, each["name"], drawn("mara")) for each in listed]
        plan = replace(plans[0], cues=tuple(cue for each in plans for cue in each.cues))
        report = make(desk, plan, agreed=Agreed(yes=True))
    assert [(result.where, result.message) for result in report.results if result.take is None] == []
    assert len(report.takes) == sum(host.billed() for host in hosts) == len(listed)


def _one_picture(desk: Any, engine: str, reference: Path) -> Any:
    """Out of words, or of the reference where words aren't enough."""
    for portrait in (Path(), reference):
        performer = Performer("mara", "", portrait, prompt="a woman of forty")
        plan = plan_shots(desk, [Shot("cast-mara", engine, performer, {"view": "front"}, (640, 360))], engine=engine)
        if plan.to_make:
            return plan
    raise AssertionError(f"{engine} can't make a picture: {plan.cues[0].problems}")


def test_the_local_engine_draws_out_of_words_alone(run: Run, drawn: Run) -> None:
    refused = run("cast", "new", "mara", *WHOLE, "--reference", drawn("ines"), "--json")
    assert (refused.status, refused.error["problems"][0]["code"]) == (2, "no-reference")


def test_nobody_pays_who_named_no_model(run: Run, open_host: Run) -> None:
    fal = open_host("fal")
    quote = run("cast", "new", "mara", "--prompt", "a woman", "--dry-run", "--json").value["quote"]
    assert (quote["engines"], quote["cost"], fal.requests) == (["previz"], "0", [])


def test_another_pick_is_a_recast_and_drops_the_views_of_the_old_face(run: Run, nobody_cast: Path, drawn: Run) -> None:
    run("cast", "new", "mara", *WHOLE, "--candidates", "1")
    save_actor(nobody_cast / "cast", "mara", portrait=drawn("ines"), voice="low", sheet={"front": drawn("ines")})
    picked = run("cast", "pick", "mara", "1", "--json").value
    assert (picked["updated"], picked["views_dropped"], picked["actor"]["sheet"]) == (True, True, {})
    assert (picked["actor"]["voice"], picked["actor"]["prompt"]["lens"]) == ("low", "85 mm")


def test_who_nobody_described_and_who_nobody_made(run: Run) -> None:
    assert "--prompt" in run("cast", "new", "mara").err
    assert "greenroom cast new mara --prompt" in run("cast", "pick", "mara", "1").err
