# SPDX-License-Identifier: Apache-2.0
"""The contract between a host's plug-in and `greenroom host`: every word that stands on the wire.

JSON-RPC 2.0, one message a line, UTF-8, "\\n". Requests are answered in any order by id; the child also sends
notifications, which have no id. stdout carries nothing else; logs go to stderr. A host closes stdin to end the child.

All positions are whole frames at the timeline's rate, counted as the host counts. All rates are [numerator,
denominator]. Paths are absolute. Unknown members are passed over, on both sides. docs/host-protocol.md is made from
this module (`page.py`), and a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "EDITS",
    "ERROR_CODES",
    "LONGEST_LINE",
    "METHODS",
    "NOTIFICATIONS",
    "PROTOCOL",
    "SNAPSHOT",
    "STATES",
    "STATE_OF_STEP",
    "Message",
]

PROTOCOL = 1
"""Raised when a host of the old one could no longer be understood. New members and methods don't raise it."""

LONGEST_LINE = 256 << 20
"""Bytes. A snapshot of 100,000 items has about 60 MB."""

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603

ERROR_CODES: Mapping[int, str] = {
    1: "a performance or the store failed",
    2: "wrong use or bad input: data.hint says what to mend",
    3: "refused on purpose: data.kind is budget, consent or payment-unknown",
    PARSE_ERROR: "the line is no JSON, or too long",
    INVALID_REQUEST: "the message is no request",
    UNKNOWN_METHOD: "there is no such method",
    INVALID_PARAMS: "a parameter is missing or of a wrong type",
    INTERNAL_ERROR: "something broke that should not have",
}
"""`error.code`. `error.data` is {"kind", "hint", "where", "problems": [PROBLEM]}."""


@dataclass(frozen=True)
class Message:
    """A method, a notification or an edit: its name, what it means, and its members (optional ones end in "?")."""

    name: str
    meaning: str
    members: Mapping[str, str] = field(default_factory=dict)
    result: Mapping[str, str] = field(default_factory=dict)


_SNAPSHOT = {"snapshot": "the host's timeline", "project?": "its folder; by default the nearest above the document"}
_WANTED = {
    **_SNAPSHOT,
    "only?": "ids of cues or uids of items; by default all",
    "engine?": "one engine for all, whatever notes say",
    "takes?": "takes for each cue, with those that are there: one more than there are makes another",
    "notes?": "{uid: note text to use instead of the item's own}",
}
_QUOTE = {
    "plan": "as `greenroom plan --json`",
    "cost": "a decimal as text, or null if unknown",
    "currency": '"USD"',
    "to_make": "takes that would be made",
    "cached": "takes that are there already",
    "problems": "[PROBLEM], of the plan and of its cues",
}
_EDITS = {"edits": "in the order in which they are to be applied", "problems": "[PROBLEM]"}

METHODS: tuple[Message, ...] = (
    Message(
        "hello",
        "The first request. Answers at once; another protocol is an error that says what to update.",
        {"protocol": str(PROTOCOL), "host?": '"blender"', "version?": '"4.5.15"', "document?": "path of the document"},
        {
            "greenroom": "version",
            "protocol": str(PROTOCOL),
            "engines": "names of installed engine packages; the engines method asks each",
            "project": "folder of the document's project, or null",
        },
    ),
    Message(
        "init",
        "Makes a project in a folder, where a document is first used.",
        {"folder": "the document's, as a rule", "rate?": "[n, d]", "handles?": "frames before and after a take"},
        {"project": "its folder", "problems": "[PROBLEM]"},
    ),
    Message(
        "cast",
        "The actors.",
        {"project": "folder"},
        {"actors": '[{"name", "display_name", "portrait", ...}]', "problems": "[PROBLEM]"},
    ),
    Message(
        "add_actor",
        "A new actor, or a new portrait of one that is there.",
        {"name": "as notes write it", "portrait": "a picture", "project": "folder"},
        {"actor": "as in cast", "updated": "true if there was one", "problems": "warnings about the portrait"},
    ),
    Message(
        "engines",
        "Every engine, as it describes itself.",
        {"project?": "folder"},
        {"engines": "as `greenroom engines --json`", "problems": "[PROBLEM]"},
    ),
    Message(
        "cues",
        "What is asked for on the timeline.",
        {**_SNAPSHOT, "notes?": "{uid: note text to use instead of the item's own}"},
        {
            "cues": '[{"id", "item", "actor", "mode", "line", "start", "frames", "status", "takes", "circled", ...}]',
            "cues[].status": "open, takes (it has some), or error; of suggestions: suggested",
            "suggestions": "placeholders without a note, alike",
            "problems": "[PROBLEM], of the timeline and of its cues",
            "project": "its folder, or null: then no take is known",
        },
    ),
    Message(
        "plan",
        "What generate would make, and what it would cost. Nothing is sent.",
        _WANTED,
        _QUOTE,
    ),
    Message(
        "foretell",
        "What generate would do, without doing it: plan, and the edits that it would end with, its takes named as they "
        "would be. For a dry run.",
        {**_WANTED, "yes?": "true: the editor saw the quote", "allow_unknown_cost?": "true or false"},
        {
            **_QUOTE,
            "edits": "as finished would have them, if every take came out",
            "refused": "PROBLEM: why generate would not begin, as asked for so; or null",
        },
    ),
    Message(
        "generate",
        "Makes what is missing. Answers at once; progress and finished, or failed, follow. Batches are queued.",
        {**_WANTED, "yes?": "true: the editor saw the quote", "allow_unknown_cost?": "true or false"},
        {"batch": '"b1"'},
    ),
    Message(
        "cancel",
        "Stops a batch, or takes it out of the queue. Takes that are done stay; the rest can be resumed.",
        {"batch": "id"},
        {"cancelled": "false if it had ended already"},
    ),
    Message(
        "apply",
        "The takes that exist, generated or chosen since; nothing is made.",
        {**_SNAPSHOT, "only?": "ids of cues or uids of items"},
        _EDITS,
    ),
    Message(
        "choose",
        "Circles a take.",
        {**_SNAPSHOT, "item": "uid, or a cue's id", "take": 'a number, "next", "previous", or "best"'},
        {**_EDITS, "take": "its number", "of": "how many there are"},
    ),
    Message(
        "restore",
        "Back to the stand-ins. Needs no project; takes stay in the store.",
        {"snapshot": "the host's timeline", "items?": "uids; by default all"},
        {"edits": "in order"},
    ),
    Message(
        "takes",
        "The takes of one item.",
        {**_SNAPSHOT, "item": "uid, or a cue's id"},
        {
            "takes": '[{"number", "path", "poster", "frames", "label", "circled", "warnings", "cost", "engine", ...}]',
            "takes[].light": "what its review says in one word: green, amber or red; null before it was reviewed",
            "takes[].review": '{"light", "score", "codes", "findings": [text]}, or null',
            "takes[].rejected": 'why the editor rejected it, "" where nobody said; null: it isn\'t',
            "cue": "id",
            "shown": "the number of the take on the timeline, or null",
        },
    ),
    Message(
        "jobs",
        "What is on its way or unknown.",
        {"project": "folder"},
        {
            "jobs": "as `greenroom jobs --json`",
            "interrupted": '[{"document", "timeline", "engine"}]: batches that resume takes up',
        },
    ),
    Message(
        "resume",
        "Goes on with what was under way when a host or its child ended. `snapshot` is the timeline as it is now.",
        {"project": "folder", "snapshot?": "by default the one that the batch began with"},
        {"batches": "ids of the batches that go on; progress and finished follow"},
    ),
    Message(
        "export",
        "The timeline as a file that other programs read, with the takes that exist.",
        {
            **_SNAPSHOT,
            "path": "the new file",
            "to?": "otio, resolve-otio, edl, fcp7, fcpxml, aaf; by default by suffix",
        },
        {
            "path": "what was written",
            "summary": "a line for each take",
            "losses": '[{"what", "where", "why"}]',
            "problems": "[PROBLEM]",
        },
    ),
    Message(
        "import",
        "Another program's timeline as a snapshot.",
        {"path": "any format that Greenroom reads", "rate?": "[n, d], which an EDL needs"},
        {"snapshot": "as above", "losses": '[{"what", "where", "why"}]', "problems": "[PROBLEM]"},
    ),
    Message("doctor", "Whether this machine can work.", {"project?": "folder"}, {"healthy": "bool", "checks": "[...]"}),
    Message("shutdown", "Stops the batch at work, answers, and ends. Closing stdin does the same.", {}, {}),
)

NOTIFICATIONS: tuple[Message, ...] = (
    Message(
        "progress",
        "A take is on its way. At most ten a second for each take; a change of state is always told.",
        {
            "batch": "id",
            "cue": "id",
            "item": "uid, or null",
            "take": "number",
            "state": "see below",
            "fraction": "0 to 1, or null",
            "message": "for a status bar; may be empty",
        },
    ),
    Message(
        "finished",
        "A batch has ended. Apply the edits; first check that each item is still there.",
        {
            "batch": "id",
            **_EDITS,
            "made": "takes made or found",
            "failed": "takes that failed",
            "interrupted": "true after cancel: resume goes on",
        },
    ),
    Message("failed", "A batch has ended and nothing could be done.", {"batch": "id", "error": "as of a request"}),
)

STATES: Mapping[str, str] = {
    "waiting": "another process makes it, or it waits for its turn",
    "submitted": "it is on its way to the engine",
    "running": "the engine is at work",
    "conforming": "it is made to fit the slot",
    "done": "there is a take",
    "cached": "there was one already; nothing was made or paid",
    "failed": "message says why",
    "unknown": "paid, and nobody knows what came of it: jobs says what can be done",
    "interrupted": "stopped; resume goes on",
}
"""`state` of progress."""

STATE_OF_STEP: Mapping[str, str] = {
    "waiting": "waiting",
    "submitting": "submitted",
    "submitted": "submitted",
    "running": "running",
    "fetching": "running",
    "fetched": "conforming",
    "finishing": "conforming",
    "publishing": "conforming",
    "published": "conforming",
    "done": "done",
    "cached": "cached",
    "failed": "failed",
    "unknown": "unknown",
    "interrupted": "interrupted",
}
"""The desk's steps (desk.generating.job_events.JobStep) as states."""

SNAPSHOT: tuple[Message, ...] = (
    Message(
        "snapshot",
        "The host's timeline. What isn't said counts as in the examples.",
        {
            "greenroom": '"snapshot"',
            "schema": "1",
            "host": '{"name": "blender", "version": "4.5.15", "document": "/film/scene.blend", or "" if never saved}',
            "timeline": "see below",
            "tracks": "[TRACK], in any order",
            "markers": "[MARKER] of the timeline",
        },
    ),
    Message(
        "timeline",
        "",
        {
            "uid": "the same for as long as the timeline exists",
            "name": "text",
            "rate": "[24000, 1001]",
            "start": "the host's number of the first frame; all frames below are counted so",
            "start_timecode?": '"01:00:00:00"; "" where timecode is the frame number itself',
            "drop_frame": "false",
            "size": "[1920, 1080]",
        },
    ),
    Message(
        "track",
        "A channel of Blender's holds sound and picture: its kind is video, and the items say what they are.",
        {
            "kind": '"video" or "audio"',
            "index": "its number, from below",
            "name": "text",
            "locked?": "false",
            "enabled?": "true",
            "items": "[ITEM]",
        },
    ),
    Message(
        "item",
        "A strip or clip. A uid is unique in the snapshot; of copies the second is called UID~2, and reported.",
        {
            "uid": "the same for as long as the item exists",
            "kind": "movie, images, sound, image, colour, text, missing, generator, transition, compound or other",
            "name": "text",
            "start": "its first frame",
            "frames": "its length",
            "enabled?": "true",
            "media?": '"/film/a.mov"; "" without a file',
            "sequence?": 'of images: {"folder", "prefix", "suffix", "padding", "first"}',
            "source_start?": "the media frame shown first, from 0 at media_rate; may be fractional",
            "media_rate?": "[25, 1]; null counts as the timeline's, which is right for sound",
            "media_frames?": "all frames of the file; null if unknown",
            "plays?": '"frames": one for one, whatever the media\'s rate (Blender); "time": in real time (Resolve)',
            "speed?": "[1, 1]: the host's own constant speed, on top",
            "gain?": "1.0, linear",
            "fade_in?": "frames",
            "fade_out?": "frames",
            "channels?": "text",
            "note?": "the text that the plug-in keeps on the item",
            "markers?": "[MARKER]",
            "unheld?": "[\"animated volume\"]: what this snapshot can't hold, in an editor's words",
            "greenroom?": '{"role": "take" or "stand_in", "cue", "take", "of": uid, "muted_by_us"}, or null',
        },
    ),
    Message(
        "marker",
        "",
        {"frame": "on the timeline", "frames?": "1", "name?": "text", "note?": "text", "colour?": "the host's word"},
    ),
)

EDITS: tuple[Message, ...] = (
    Message(
        "place_take",
        "Show this take for the item. Blender puts or updates one strip above and mutes the item; Resolve adds a take "
        "to the selector, or a clip above.",
        {
            "item": "uid; null where a timeline marker asks for a take over nothing: then `track` says where",
            "cue": "id",
            "take": "number",
            "name": '"mara_7f3a_take_001"',
            "path": "the take's media",
            "start": "the slot's first frame",
            "frames": "the slot's frames; with transitions it is wider than the item",
            "item_start": "the item's own first frame",
            "item_frames": "the item's own frames",
            "head": "frames of the file before the slot",
            "tail": "frames of the file after the slot",
            "media_frames": "all frames of the file",
            "rate": "[n, d]: the timeline's",
            "source_start": "the number of the file's first frame, as its timecode counts",
            "source_start_timecode": "the same as timecode",
            "drop_frame": "whether that is drop-frame",
            "size": "[width, height]",
            "poster": "a picture of it",
            "label": '"previz", or ""',
            "track": "number of the item's channel or track",
            "metadata": "small: cue, take, engine, label, sha256",
            "others": "the cue's other takes, to compare: [{take, name, path, head, media_frames, label}]",
        },
    ),
    Message(
        "mark",
        "Write the id and the status where the note is.",
        {
            "item": "uid, or null for a marker of the timeline",
            "marker": "its frame, or null for the item's note, which is made if there is none",
            "field": '"name" or "note": which text of the marker to write',
            "text": '"GR#7f3a: ..."',
            "old": 'what stood there in the snapshot; "" for a new one',
            "comment": '"Greenroom: 2 takes (previz)"; goes where the marker has no text of the editor\'s',
            "colour": '"GREEN"',
            "cue": "id",
            "status": '"takes"',
        },
    ),
    Message(
        "remove_take", "Back to the stand-in: take the take off and switch the item on.", {"item": "uid", "cue": "id"}
    ),
)
"""`do` of an edit is its name."""
