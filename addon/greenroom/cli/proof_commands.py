# SPDX-License-Identifier: Apache-2.0
"""sign and verify: content credentials of takes and exports."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from greenroom.cli.options import common_options, project_option
from greenroom.cli.shown import Json, counted, say, show, show_table

__all__ = ["sign", "verify"]

_FILE = click.Path(path_type=Path, readable=False)


@click.command()
@click.argument("file", required=False, type=_FILE)
@click.option("--init", "begin", is_flag=True, help="Make a certificate for this project; its key stays out of it.")
@click.option(
    "--cut", metavar="CUT", type=_FILE, help="The cut that FILE was exported from: its takes are named in FILE."
)
@click.option("-o", "--output", metavar="FILE", type=_FILE, help="The signed file. Default: it takes FILE's place.")
@click.option("--certificate", metavar="PEM", type=_FILE, help="With --init: your own certificate and those above it.")
@click.option("--key", metavar="PEM", type=_FILE, help="With --certificate: its key, which stays where it is.")
@click.option("--command", metavar="WORDS", default="", help="With --certificate: a program that signs what it reads.")
@click.option("--name", metavar="TEXT", default="", help="With --init: who signs. Default: the project's folder.")
@click.option("--again", is_flag=True, help="With --init: in the place of the one that is there.")
@project_option
@common_options
def sign(file: Path | None, project: Path | None, as_json: bool, verbose: bool, **given: Any) -> int:
    """Sign FILE, what an editing program exported, with content credentials (C2PA).

    Programs drop the credentials of what they render. With --cut the export says again which takes are in it, who
    performed them and how. New takes are signed by themselves once there is a certificate: greenroom sign --init. One
    that was made here is self-signed: it proves that nothing was changed, not who you are. With
    --certificate it is your own.
    """
    if given["begin"]:
        return _init(project, as_json=as_json, **given)
    if file is None:
        raise click.UsageError("name the FILE to sign, or give --init", click.get_current_context())
    from greenroom.desk.rights.proving import sign_export

    made = sign_export(file, given["output"], cut=given["cut"], project=project)
    value = {
        "schema": "greenroom.sign/1",
        "path": str(made.path),
        "beside": str(made.beside) if made.beside else None,
        "signer": made.signer,
        "takes": [{"cue": take.cue, "take": take.number, "file": take.media.name} for take in made.takes],
        "unsigned": [{"cue": take.cue, "take": take.number, "file": take.media.name} for take in made.unsigned],
    }
    show(value, as_json=as_json, tell=_tell_signed)
    return 0


def _init(project: Path | None, *, as_json: bool, **given: Any) -> int:
    from greenroom.desk.rights.proving import init_signing

    found = init_signing(
        project,
        given["name"],
        certificate=given["certificate"],
        key=given["key"],
        command=tuple(shlex.split(given["command"])),
        again=given["again"],
    )
    value = {
        "schema": "greenroom.sign-init/1",
        "signer": found.subject,
        "self_signed": found.own,
        "certificate": found.sha256,
        "expires": found.expires.date().isoformat(),
        "folder": str(found.folder),
        "root": str(found.root) if found.root else None,
    }
    show(value, as_json=as_json, tell=_tell_init)
    return 0


@click.command()
@click.argument("what", metavar="FILE|CUT", type=_FILE)
@project_option
@common_options
def verify(what: Path, project: Path | None, as_json: bool, verbose: bool) -> int:
    """Check the credentials of FILE, or of every take of a CUT.

    A take's are whole, lost (something transcoded it), broken (it was changed after it was signed), or another file's.
    The exit status is 1 where any isn't whole; takes that were never signed don't count.
    """
    from greenroom.desk.rights.proving import SUFFIXES, verify_cut, verify_file

    alone = what.suffix.casefold() not in SUFFIXES
    proofs = (verify_file(what, project),) if alone else verify_cut(what, project=project)
    value = {"schema": "greenroom.verify/1", "path": str(what), "files": [_as_json(proof) for proof in proofs]}
    show(value, as_json=as_json, tell=_tell_verified)
    return int(any(not proof.good or (alone and proof.state != "whole") for proof in proofs))


def _as_json(proof: Any) -> dict[str, Any]:
    take, found = proof.take, proof.credentials
    return {
        "file": str(proof.path),
        "cue": take.cue if take else None,
        "take": take.number if take else None,
        "state": proof.state,
        "why": proof.why,
        "signer": found.signer,
        "trusted": found.trusted,
        "beside": found.beside,
        "source_types": [each.rsplit("/", 1)[-1] for each in found.source_types],
        "actions": list(found.actions),
        "ingredients": [
            {"title": str(each.get("title", "")), "relationship": str(each.get("relationship", ""))}
            for each in found.ingredients
        ],
        "faults": list(found.faults),
    }


def _tell_signed(value: Json) -> None:
    beside = f", credentials in {value['beside']}" if value["beside"] else ""
    say(f"{value['path']}: signed by {value['signer']}{beside}; {counted(len(value['takes']), 'take')} named in it.")
    for each in value["unsigned"]:
        say(
            f"{click.style('note', fg='blue')}: {each['file']} has no credentials of its own, and is named by its file."
        )


def _tell_init(value: Json) -> None:
    kind = "self-signed: it proves that nothing was changed, not who signed" if value["self_signed"] else "your own"
    say(f"Certificate of {value['signer']} ({kind}), until {value['expires']}. It lies in {value['folder']}.")
    if value["root"]:
        say(f"Whoever shall trust it needs {value['root']}")
    say("New takes are signed from now on; what is there already stays as it is.")


def _tell_verified(value: Json) -> None:
    rows = [
        (each["cue"] or "", str(each["take"] or ""), each["state"], each["why"], Path(each["file"]).name)
        for each in value["files"]
    ]
    show_table(("cue", ">take", "state", "~why", "~file"), rows)
    for each in value["files"]:
        if len(value["files"]) == 1 and each["state"] == "whole":
            say(f"Made as: {', '.join(each['source_types']) or 'not said'}. Actions: {', '.join(each['actions'])}.")
            for part in each["ingredients"]:
                say(f"  {part['relationship']}: {part['title']}")
    good = sum(each["state"] == "whole" for each in value["files"])
    say(f"{counted(len(value['files']), 'file')}: {good} whole.")
