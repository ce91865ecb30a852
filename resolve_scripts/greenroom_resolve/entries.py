# SPDX-License-Identifier: Apache-2.0
"""What the entries of Workspace > Scripts > Greenroom do, and what `greenroom resolve` does from outside: the same."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

from greenroom_resolve.calling import text
from greenroom_resolve.files import export_cut, import_takes
from greenroom_resolve.panel import serve_panel
from greenroom_resolve.program import Before
from greenroom_resolve.rendering import render_sound, rendered_sounds, unheard
from greenroom_resolve.session import Json, Session
from greenroom_resolve.snapshot import is_offline, snapshot_of
from greenroom_resolve.survey import record

__all__ = ["ENTRIES", "errors"]

_SPOKEN = ("talk", "lipsync")  # modes that need the dialogue under the slot


def cues(session: Session, **_: Any) -> Json:
    found: Json = session.asked("cues")
    for cue in found["cues"]:
        line = ' "{}"'.format(cue["line"]) if cue.get("line") else ""
        takes = _counted(len(cue.get("takes") or ()), "take")
        where = session.cut.timecode(int(cue["start"]))
        session.tell(f"#{cue['id']}  {where}  {cue['frames']} f  {cue['actor']} {cue['mode']}{line}  {takes}")
    _tell_problems(session, found["problems"])
    return found


def plan(session: Session, only: Sequence[str] = (), engine: str = "", takes: int = 0, **_: Any) -> Json:
    found: Json = session.asked("plan", only=list(only), **_wishes(engine, takes))
    _tell_quote(session, found)
    _tell_of_media(session, found)
    _tell_problems(session, found["problems"])
    return found


def generate(
    session: Session,
    only: Sequence[str] = (),
    engine: str = "",
    takes: int = 0,
    yes: bool = False,
    save: bool = False,
    copy_look: bool = False,
    dry: bool = False,
    **_: Any,
) -> Json:
    """The quote first. Whether what costs money needs a further yes, the project's budget says (docs/money.md).

    `dry`: tells the calls that would be made, for takes that are there and for those that would be made. Nothing is
    changed.
    """
    session.settings.copy_look |= copy_look
    if dry:
        return _foretell(session, only, engine, takes, yes)
    project, wishes = session.project(), _wishes(engine, takes)
    quote = session.asked("plan", only=list(only), **wishes)
    _tell_quote(session, quote)
    _tell_of_media(session, quote)
    finished = session.desk.generate(
        lambda said: _tell_progress(session, said),
        snapshot=session.snapshot(),
        project=project,
        only=list(only),
        yes=yes,
        **wishes,
    )
    return _apply(session, _keeping(finished), "generate", False, save)


def _foretell(session: Session, only: Sequence[str], engine: str, takes: int, yes: bool) -> Json:
    found: Json = session.asked("foretell", only=list(only), yes=yes, **_wishes(engine, takes))
    _tell_quote(session, found)
    _tell_of_media(session, found)
    if found["refused"]:
        session.tell("As it is, generate would not begin:")
        _tell_problems(session, [found["refused"]])
    session.tell("These calls would be made, if every take comes out:")
    return _apply(session, _keeping(found), "generate", True, False)


def _keeping(found: Json) -> Json:
    """After generating, what the editor chose in Resolve's own selector stays."""
    return dict(found, edits=[dict(edit, keep_choice=True) for edit in found["edits"]])


def at_playhead(session: Session, **more: Any) -> Json:
    return generate(session, **dict(more, only=[session.at_playhead().uid]))


def selected(session: Session, **more: Any) -> Json:
    return generate(session, **dict(more, only=[item.uid for item in session.selected()]))


def apply(
    session: Session, only: Sequence[str] = (), dry: bool = False, save: bool = False, copy_look: bool = False, **_: Any
) -> Json:
    """The takes that there are. `dry`: only tells the calls."""
    session.settings.copy_look |= copy_look
    return _apply(session, session.asked("apply", only=list(only)), "apply", dry, save)


def dry_run(session: Session, **_: Any) -> Json:
    """What would be made for all cues, and the calls that putting the takes on the timeline would make."""
    return generate(session, dry=True)


def next_take(session: Session, **_: Any) -> Json:
    item = session.at_playhead()
    chosen = session.asked("choose", item=item.uid, take="next")
    session.tell("Take {take} of {of}".format(**dict({"of": "?"}, **chosen)))
    return _apply(session, chosen, "next take", False, False)


def restore(session: Session, only: Sequence[str] = (), everything: bool = False, **_: Any) -> Json:
    """Back to the stand-ins: of the clip at the playhead, of the items named, or of all."""
    wanted = list(only) or ([] if everything else [session.at_playhead().uid])
    more: Dict[str, Any] = {"items": wanted} if wanted else {}
    found = session.desk.call("restore", snapshot=snapshot_of(session.cut), **more)
    return _apply(session, found, "restore", False, False)


def render_dialogue(session: Session, **_: Any) -> Json:
    """The sound under the clip at the playhead as Resolve plays it, as a file that Greenroom hears instead."""
    item = session.at_playhead()
    before = Before(session.program)
    try:
        made = render_sound(session.cut, item, Path(session.project()))
    finally:
        for lost in before.restore(session.tell):
            session.tell("Resolve didn't go back to " + lost)
    session.tell(f"Rendered: {made.path}. Greenroom now hears it under {session.cut.where(item)}.")
    return {"path": str(made.path), "problems": []}


def status(session: Session, **_: Any) -> Json:
    """Ids and states into the markers, nothing else."""
    found = session.asked("apply")
    marks = [edit for edit in found["edits"] if edit["do"] == "mark"]
    return _apply(session, dict(found, edits=marks), "status", False, False)


def undo(session: Session, unfinished: bool = False, **_: Any) -> Json:
    """`unfinished`: only what broke off in the middle."""
    left = session.undo(unfinished)
    for each in left:
        session.tell("Not undone: " + each)
    return {"left": left}


def panel(session: Session, **_: Any) -> Json:
    """The panel, a program of its own; this entry runs as long as it is open."""
    session.tell("Opening the panel. It works with this timeline until it is closed.")
    return serve_panel(session, apply)


def errors(problems: Sequence[Json]) -> List[Json]:
    """Those that kept something from being done; the others are warnings and notes."""
    return [problem for problem in problems if problem.get("severity", "error") == "error"]


def _counted(number: int, thing: str) -> str:
    return "{} {}{}".format(number, thing, "" if number == 1 else "s")


def _wishes(engine: str, takes: int) -> Dict[str, Any]:
    wishes: Dict[str, Any] = {}
    if engine:
        wishes["engine"] = engine
    if takes:
        wishes["takes"] = takes
    return wishes


def _apply(session: Session, found: Json, command: str, dry: bool, save: bool) -> Json:
    applied = session.apply(_with_others(found["edits"]), command, dry, save)
    problems = list(found.get("problems") or []) + [problem.plain() for problem in applied.problems]
    _tell_problems(session, problems)
    changed = [job for job in applied.done if job.steps]
    takes = [job for job in changed if job.edit["do"] == "place_take"]
    wrong = len(errors(problems))
    if not changed and not wrong:
        session.tell("Nothing would be changed." if dry else "Nothing had to be changed.")
    elif not dry:
        others, warnings = len(changed) - len(takes), len(problems) - wrong
        counts = [(len(takes), "take", " placed"), (others, "other change", ""), (wrong, "problem", "")]
        session.tell(
            ", ".join(_counted(n, thing) + done for n, thing, done in [*counts, (warnings, "warning", "")] if n)
        )
    steps = [str(step) for job in changed for step in job.steps]
    return {"placed": len(takes), "changed": len(changed), "steps": steps, "problems": problems, "dry": dry}


def _with_others(edits: List[Json]) -> List[Json]:
    """The other takes of each cue before the chosen one: the selector is there to compare them."""
    made = []
    for edit in edits:
        made += [dict(edit, select=False, **other) for other in edit.get("others") or ()]
        made.append(edit)
    return made


def _tell_quote(session: Session, found: Json) -> None:
    cost = found["cost"]
    price = "for an unknown price" if cost is None else "for {} {}".format(cost, found["currency"])
    session.tell("{} to make {}, {} there already".format(_counted(found["to_make"], "take"), price, found["cached"]))


def _tell_of_media(session: Session, found: Json) -> None:
    """Of cues whose clip is offline; and what of their dialogue can't be heard from its file, but can be rendered."""
    cut, rendered = session.cut, rendered_sounds(session.cut, Path(session.project()))
    for planned in found["plan"]["cues"]:
        cue, item = planned["cue"], cut.item(planned.get("item"))
        if item is None:
            continue
        path = text(item.media, "GetClipProperty", "File Path")
        if is_offline(path):
            session.tell(f"warning: {cut.where(item)}: its media is offline ({path})")
        if not (cue["mode"] in _SPOKEN or cue.get("line")):
            continue
        for sound in unheard(cut, item, rendered):
            session.tell(f"warning: {cut.where(item)}: {cut.where(sound)} can't be heard from its file")
            session.tell("    It is retimed, or a compound clip: put the playhead there, and have Resolve render it by")
            session.tell("    Workspace > Scripts > Greenroom > Render dialogue under clip")


def _tell_progress(session: Session, said: Json) -> None:
    fraction = said.get("fraction")
    share = f" {100 * fraction:.0f} %" if isinstance(fraction, (int, float)) else ""
    message = "  " + said["message"] if said.get("message") else ""
    session.tell("#{} take {}: {}{}{}".format(said.get("cue"), said.get("take"), said.get("state"), share, message))


def _tell_problems(session: Session, problems: List[Json]) -> None:
    for problem in problems:
        told = [problem.get("where"), problem.get("message")]
        said = ": ".join(each for each in told if each)
        session.tell("{}: {}".format(problem.get("severity", "error"), said))
        if problem.get("hint"):
            session.tell("    " + problem["hint"])


ENTRIES: Dict[str, Callable[..., Json]] = {
    "generate_at_playhead": at_playhead,
    "generate_selected": selected,
    "generate": generate,
    "next_take": next_take,
    "restore": restore,
    "status": status,
    "dry_run": dry_run,
    "export_cut": export_cut,
    "import_takes": import_takes,
    "panel": panel,
    "render_dialogue": render_dialogue,
    "undo": undo,
    "record": record,
    "cues": cues,
    "plan": plan,
    "apply": apply,
}
