# SPDX-License-Identifier: Apache-2.0
"""The change list as one page with posters in it: nothing is loaded from elsewhere, so it can be mailed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from greenroom.desk.recut.conform import Conformed
from greenroom.desk.recut.reports.as_json import conformed_json
from greenroom.frames import write_rate

__all__ = ["html_text"]

_POSTER = 240  # pixels wide
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; }
h1 { font-size: 1.4em; margin: 0 0 .2em; } p { margin: .3em 0; color: #555; }
table { border-collapse: collapse; width: 100%; margin-top: 1.2em; }
th { text-align: left; font-weight: 600; font-size: .85em; color: #555; padding: .3em .6em; }
td { border-top: 1px solid #ddd; padding: .6em; vertical-align: top; }
td.poster { width: 160px; } td.poster img { width: 160px; display: block; background: #111; }
td.cue { width: 26%; } td.time { width: 15%; } .tc { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.said { width: 24%; } td.time { overflow-wrap: anywhere; } b { white-space: nowrap; }
small { color: #777; } q { font-style: italic; }
b.nothing { color: #777; } b.re-conform { color: #18794e; } b.extend, b.generate { color: #ad5700; }
b.regenerate, b.decide { color: #ca244d; }
@media (max-width: 50em) { td.poster, td.poster img { width: 80px; } body { font-size: 13px; margin: 1em 0; } }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } td { border-color: #333; }
  p, th, small { color: #aaa; } b.nothing { color: #999; } b.re-conform { color: #4cc38a; }
  b.extend, b.generate { color: #f5a524; } b.regenerate, b.decide { color: #ff8199; } }
"""


def html_text(made: Conformed) -> str:
    """A whole page, UTF-8."""
    value = conformed_json(made)
    rows = "\n".join(_row(each) for each in value["changes"])
    name = escape(value["cut"]["name"] or "cut")
    head = "".join(f"<th>{title}</th>" for title in ("", "cue", "in", "what changed", "what follows", "known by"))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Recut of {name}</title><style>{_STYLE}</style></head>\n<body><h1>Recut of {name}</h1>\n"
        f"{''.join(_summary(made, value))}\n<table><tr>{head}</tr>\n{rows}\n</table></body></html>\n"
    )


def _summary(made: Conformed, value: dict[str, Any]) -> Iterator[str]:
    layout = made.sheet.layout
    was = f"against {escape(value['was']['name'])}" if value["was"] else "without the cut before"
    yield f"<p>{was}, {write_rate(layout.rate)} fps, starts {value['cut']['start']}</p>"
    counts = ", ".join(f"{count} {name}" for name, count in value["counts"].items() if count)
    cost = " + ".join(f"{cost} {currency}" for currency, cost in value["costs"].items()) or "nothing"
    unknown = f", {value['unknown_costs']} of unknown price" if value["unknown_costs"] else ""
    yield f"<p>{counts}. To pay: {cost}{unknown}.</p>"


def _row(each: dict[str, Any]) -> str:
    match = each["match"]
    known = f"{escape(match['reason'])}<br><small>{match['confidence']:.0%}</small>" if match else ""
    said = "<br>".join(_said(change) for change in each["changes"])
    line = f"<br><q>{escape(each['line'])}</q>" if each["line"] else ""
    take = f"<br><small>take {each['take']}</small>" if each["take"] else ""
    who = " ".join(filter(None, (each["actor"], each["mode"])))
    cells = (
        ("poster", _poster(each["poster"])),
        ("cue", f"<b>{escape(each['cue'] or '?')}</b><br>{escape(who)}{line}{take}"),
        ("time", f"{_place(each['place'])}<br><small>{escape(each['track'])} {escape(each['clip'])}</small>"),
        ("said", said),
        ("", f'<b class="{each["consequence"]}">{each["consequence"]}</b>{_cost(each)}<br>{_small(each["why"])}'),
        ("", known),
    )
    return "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in cells) + "</tr>"


def _said(change: dict[str, Any]) -> str:
    frames = ", ".join(f"{first} to {end - 1}" for first, end in change["frames"])
    return escape(change["text"]) + (f"<br><small>frames {frames}</small>" if frames else "")


def _place(place: dict[str, Any] | None) -> str:
    return (
        f"<span class='tc'>{place['in']}</span><br><small>{place['frames']} f</small>"
        if place
        else "<small>cut out</small>"
    )


def _cost(each: dict[str, Any]) -> str:
    if each["consequence"] in {"nothing", "decide"}:
        return ""
    if each["cost"] is None:
        return " (price unknown)"
    return f" ({each['cost']} {escape(each['currency'])})" if float(each["cost"]) else " (free)"


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""


def _poster(path: str | None) -> str:
    """The picture itself, small, in the page; nothing where it is gone."""
    import cv2

    if path is None or not Path(path).is_file():
        return ""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return ""
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        return ""
    height = max(1, round(picture.shape[0] * _POSTER / picture.shape[1]))
    small = cv2.resize(picture, (_POSTER, height), interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    coded = base64.b64encode(jpeg.tobytes()).decode() if done else ""
    return f'<img alt="" src="data:image/jpeg;base64,{coded}">' if coded else ""
