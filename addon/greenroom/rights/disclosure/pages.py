# SPDX-License-Identifier: Apache-2.0
"""The AI-use record as HTML, CSV and JSON. The page loads nothing from elsewhere, so it can be mailed and printed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

__all__ = ["COLUMNS", "csv_text", "html_text"]

COLUMNS = (
    ("shot", "name"),
    ("track", "track"),
    ("in", "in"),
    ("frames", "frames"),
    ("seconds", "seconds"),
    ("seen", "seen"),
    ("share", "share"),
    ("picture", "kind"),
    ("how", "mode"),
    ("character", "actor"),
    ("performed by", "performer"),
    ("stand-in", "stand_in"),
    ("voice", "voice"),
    ("consent", "consent"),
    ("engine", "engine"),
    ("model", "model"),
    ("host", "host"),
    ("label", "label"),
    ("source type", "source_type"),
    ("signed", "signed"),
    ("over", "over"),
    ("cue", "cue"),
    ("take", "take"),
)
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2.5em auto; max-width: 76em; padding: 0 1.5em; color: #222; }
h1 { font-size: 1.5em; margin: 0; } h2 { font-size: 1.1em; margin: 2em 0 .3em; } p { margin: .3em 0; }
.quiet, th { color: #666; } .quiet { font-size: .9em; }
table { border-collapse: collapse; width: 100%; margin-top: .6em; }
th { text-align: left; font-weight: 600; font-size: .85em; padding: .3em .6em .3em 0; }
td { border-top: 1px solid #ddd; padding: .4em .6em .4em 0; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tag { white-space: nowrap; font-weight: 600; } .tag .quiet { font-weight: 400; }
.generated, .does-not-meet { color: #b4232c; } .altered, .ask { color: #95560a; } .captured, .meets { color: #18704f; }
.missing { color: #777; } .label { border: 1px solid; border-radius: .3em; padding: 0 .35em; font-size: .8em; }
.bar { display: flex; height: 1.1em; margin: .8em 0 .4em; background: #eee; }
.bar span { display: block; height: 100%; } .bar .generated { background: #d6505a; }
.bar .altered { background: #e3a34a; }
.bar .captured { background: #5fae8e; } .bar .missing { background: #bbb; }
ul { margin: .3em 0; padding-left: 1.2em; } h3 { font-size: 1em; margin: 1.4em 0 0; }
@media print {
body { margin: 0; max-width: none; font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
tr, li { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
"""


def csv_text(record: Mapping[str, Any]) -> str:
    """A row for each shot; UTF-8 with a mark, as spreadsheets want it. Cells never begin as formulas do."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([title for title, _ in COLUMNS])
    for shot in record["shots"]:
        writer.writerow([_cell(shot[key]) for _, key in COLUMNS])
    return "\ufeff" + text.getvalue()


def _cell(value: Any) -> str:
    text = {True: "yes", False: "no", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def html_text(record: Mapping[str, Any]) -> str:
    """A whole page, UTF-8."""
    name = escape(record["cut"]["name"] or "cut")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>AI use in {name}</title><style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>Use of artificial intelligence in “{name}”</h1>\n{''.join(_head(record))}"
        f"{''.join(_sums(record))}{''.join(_shots(record))}{''.join(_credits(record))}{''.join(_rules(record))}"
        "</body></html>\n"
    )


def _head(record: Mapping[str, Any]) -> Iterator[str]:
    cut = record["cut"]
    yield (
        f'<p class="quiet">{escape(cut["file"])}, {cut["rate"]} fps, {cut["running"]} f ({cut["seconds"]} s). '
        f"Record of {record['day']}, {escape(record['software'])}.</p>\n"
    )
    for line in record["says"]:
        yield f"<p>{escape(line)}</p>\n"


def _sums(record: Mapping[str, Any]) -> Iterator[str]:
    sums = record["sums"]
    yield '<div class="bar">'
    for kind, value in sums.items():
        if value["frames"]:
            yield f'<span class="{kind}" style="width:{value["share"]:.3%}"></span>'
    yield "</div>\n<table><tr><th>picture</th>"
    yield "".join(f'<th class="n">{title}</th>' for title in ("shots", "frames", "seconds", "of the cut"))
    yield "</tr>\n"
    for kind, value in sums.items():
        yield (
            f'<tr><td class="tag {kind}">{kind}</td><td class="n">{value["shots"]}</td><td class="n">{value["frames"]}'
            f'</td><td class="n">{value["seconds"]}</td><td class="n">{value["share"]:.1%}</td></tr>\n'
        )
    yield "</table>\n"


def _shots(record: Mapping[str, Any]) -> Iterator[str]:
    yield '<h2>Shot by shot</h2>\n<table><tr><th>in</th><th>shot</th><th class="n">frames</th><th class="n">of the cut'
    yield "</th><th>picture</th><th>character</th><th>performed by</th><th>consent</th><th>made with</th></tr>\n"
    for shot in record["shots"]:
        label = f' <span class="label">{escape(shot["label"])}</span>' if shot["label"] else ""
        how = f"{shot['kind']}{', ' + shot['mode'] if shot['mode'] else ''}"
        over = f'<br><span class="quiet">over {escape(shot["over"])}</span>' if shot["over"] else ""
        over += "" if shot["seen"] else '<br><span class="quiet">covered, not seen</span>'
        cells = (
            f'<td class="n">{shot["in"]}</td><td>{escape(shot["name"])}<br><span class="quiet">{shot["track"]}'
            f"{' ' + shot['cue'] + ' take ' + str(shot['take']) if shot['take'] else ''}</span></td>",
            f'<td class="n">{shot["frames"]}<br><span class="quiet">{shot["seconds"]} s</span></td>',
            f'<td class="n">{shot["share"]:.1%}</td><td class="tag {shot["kind"]}">{how}{label}{over}</td>',
            f"<td>{escape(shot['actor'])}</td><td>{'<br>'.join(_people(shot))}</td>",
            f"<td>{escape(shot['consent'])}</td><td>{escape(_tools(shot))}</td>",
        )
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</table>\n"


def _people(shot: Mapping[str, Any]) -> Iterator[str]:
    said = (("", "performer"), ("stand-in: ", "stand_in"), ("voice: ", "voice"))
    found = [f"{title}{escape(shot[key])}" for title, key in said if shot[key]]
    yield from found or (["<i>nobody said</i>"] if shot["take"] else [])


def _tools(shot: Mapping[str, Any]) -> str:
    model = shot["model"] or shot["engine"]
    where = f" at {shot['host']}" if shot["host"] else ""
    return f"{model}{where}{', signed' if shot['signed'] else ''}" if model else ""


def _credits(record: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Cast and technology</h2>\n<ul>"
    for line in record["credits"]:
        yield f"<li>{escape(line)}</li>\n"
    yield "</ul>\n"
    if record["notices"]:
        yield "<h2>Notices that rules ask for</h2>\n<ul>"
        yield from (
            f"<li>“{escape(each['text'])}” ({escape(', '.join(each['by']))})</li>\n" for each in record["notices"]
        )
        yield "</ul>\n"


def _rules(record: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Who asks for what</h2>\n"
    yield '<p class="quiet">What rule files say to these facts. This is no legal advice: look at the sources.</p>\n'
    for rule in record["rules"]:
        result = rule["result"]
        yield f'<h3><span class="tag {result.replace(" ", "-")}">{result}</span> {escape(rule["name"])}</h3>\n'
        yield f'<p class="quiet">{escape(rule["applies"])}. Rule of {escape(rule["dated"] or "?")}, read '
        yield f"{escape(rule['read'] or '?')}.</p>\n<ul>"
        for answer in rule["answers"]:
            known = "" if answer["known"] is None else f" (here: {escape(_shown(answer))})"
            say = f" {escape(answer['say'])}" if answer["result"] != "meets" and answer["say"] else ""
            mark = answer["result"].replace(" ", "-")
            yield f'<li><span class="tag {mark}">{answer["result"]}</span>: {escape(answer["asks"])}{known}{say}</li>\n'
        yield "</ul>\n"
        for title, said in (("Read", rule["sources"]), ("Not confirmed", rule["unconfirmed"])):
            if said:
                yield f'<p class="quiet">{title}: {escape("; ".join(said))}</p>\n'


def _shown(answer: Mapping[str, Any]) -> str:
    value = answer["known"]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and "shots" in answer["fact"]:
        return f"{value} shot{'s' * (value != 1)}"
    return f"{value:.1%}" if isinstance(value, float) else str(value)
