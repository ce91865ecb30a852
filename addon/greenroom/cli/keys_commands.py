# SPDX-License-Identifier: Apache-2.0
"""keys set, list and remove: the keys of paid hosts. A key is never an argument: those stand in lists of processes."""

from __future__ import annotations

import sys

import click

from greenroom.cli.options import common_options
from greenroom.cli.shown import Json, say, show, show_problems, show_table

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """The keys of hosted models.

    A key is looked for in the environment, then in the key file that only you can read, then in the system's keyring.
    It is never shown.
    """


@keys.command("set")
@click.argument("host")
@common_options
def set_key(host: str, as_json: bool, verbose: bool) -> int:
    """Keep the key of HOST: fal, replicate, sync, kling, dashscope, or a server of your own.

    It is asked for, or read from a pipe:  pass show fal | greenroom keys set fal
    """
    from greenroom.desk.project.host_keys import keep, kept_json, key_host

    name = key_host(host)  # before anybody pastes a secret for nothing
    show(kept_json(keep(name, _read_key(name))), as_json=as_json, tell=_tell_kept)
    return 0


@keys.command("list")
@common_options
def list_keys(as_json: bool, verbose: bool) -> int:
    """Which hosts have a key, and where it is kept."""
    from greenroom.desk.project.host_keys import keys_json, listed

    show(keys_json(listed()), as_json=as_json, tell=_tell_keys)
    return 0


@keys.command("remove")
@click.argument("host")
@common_options
def remove_key(host: str, as_json: bool, verbose: bool) -> int:
    """Forget the key of HOST.

    One in the environment stays, and is told. At the provider the key goes on working until you delete it there.
    """
    from greenroom.desk.project.host_keys import remove, removed_json

    show(removed_json(remove(host)), as_json=as_json, tell=_tell_removed)
    return 0


def _read_key(host: str) -> str:
    if sys.stdin.isatty():
        secret: str = click.prompt(f"The key for {host} (it isn't shown)", hide_input=True, err=True)
        return secret
    return sys.stdin.readline(8192)


def _tell_kept(value: Json) -> None:
    say(f"The key for {value['host']} is kept in {value['kept_in']}.")
    if value["hidden_by"]:
        say(f"The variable {value['hidden_by']} is set, and goes before it.")
    else:
        say(f"A variable would go before it: {' or '.join(value['variables'])}.")
    show_problems(value["problems"])


def _tell_keys(value: Json) -> None:
    rows = [
        (each["host"], _place(each), ", ".join(each["places"][1:]) or "", " or ".join(each["variables"]))
        for each in value["hosts"]
    ]
    show_table(("host", "~key in", "~also in", "~variables"), rows)
    show_problems(value["problems"])


def _place(each: Json) -> str:
    if each["places"]:
        return str(each["places"][0])
    return "none" if each["needed"] else "none needed"


def _tell_removed(value: Json) -> None:
    if value["removed_from"]:
        say(f"The key for {value['host']} is gone from {' and '.join(value['removed_from'])}.")
    elif not value["still_in"]:
        say(f"There was no key for {value['host']}.")
    if value["still_in"]:
        say(f"There still is one in {value['still_in']}.")
    show_problems(value["problems"])
