# SPDX-License-Identifier: Apache-2.0
"""What stands on the wire: requests, answers, and what a child does with lines that are neither."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from greenroom.hosts.wire import Bad, Request, Wire


def test_hello_says_who_we_are(child: Any, project: Any) -> None:
    said = child.call("hello", protocol=1, host="blender", version="4.5.15", document=str(project / "a.blend"))
    assert said["protocol"] == 1
    assert {"previz", "hosted"} <= set(said["engines"])
    assert said["project"] == str(project)


@pytest.mark.parametrize(("spoken", "mended_by"), [(2, "pip install --upgrade greenroom"), (0, "update the blender")])
def test_another_protocol_is_an_error_that_says_what_to_update(child: Any, spoken: int, mended_by: str) -> None:
    error = child.error("hello", protocol=spoken, host="blender")
    assert mended_by in error["data"]["hint"]
    assert child.call("hello", protocol=1)  # and work goes on


def test_hello_loads_nothing_heavy() -> None:
    code = (
        "import sys; from greenroom.hosts.serving import Server; from greenroom.hosts.hello import hello; "
        "from greenroom.hosts.params import Params; hello(Params({'protocol': 1})); print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "av", "cv2", "opentimelineio", "scipy", "httpx", "greenroom.desk"} & set(loaded)


BAD_LINES = {
    b"no json\n": -32700,
    b'{"id": 1\n': -32700,
    b'{"jsonrpc":"2.0","id":1,"method":"cues","params":{"snapshot":NaN}}\n': -32700,
    b"\xff\xfe\n": -32700,
    b"[" * 5000 + b"\n": -32700,
    b'[{"jsonrpc":"2.0","id":1,"method":"hello"}]\n': -32600,
    b"7\n": -32600,
    b'{"jsonrpc":"2.0","id":null}\n': -32600,
    b'{"jsonrpc":"2.0","id":{},"method":"hello"}\n': -32600,
    b'{"jsonrpc":"2.0","id":null,"method":"hello","params":[1]}\n': -32600,
}


def test_a_bad_line_gets_an_error_and_work_goes_on(child: Any) -> None:
    for line, code in BAD_LINES.items():
        child.write(line)
        answer = child.answer(None)
        assert answer["error"]["code"] == code, line
    child.write(b"\n")  # an empty line is nothing
    assert child.call("hello", protocol=1)


def test_an_unknown_method_names_the_nearest(child: Any) -> None:
    error = child.error("generat")
    assert error["code"] == -32601
    assert '"generate"' in error["data"]["hint"]


def test_wrong_parameters_are_named(child: Any, timeline: Any) -> None:
    for params, name in (
        ({}, "snapshot"),
        ({"snapshot": []}, "snapshot"),
        ({"snapshot": timeline.values, "project": "relative"}, "project"),
        ({"snapshot": timeline.values, "only": "abc"}, "only"),
        ({"snapshot": timeline.values, "takes": 0}, "takes"),
        ({"snapshot": timeline.values, "notes": {"slug-1": 3}}, "notes"),
    ):
        error = child.error("plan", **params)
        assert error["code"] == -32602
        assert name in error["message"]


def test_a_line_without_an_end_is_bounded() -> None:
    source = io.BytesIO(b"x" * 5000 + b"\n" + b'{"id":1,"method":"hello"}\n')
    bad, request = Wire(source, io.BytesIO(), longest=1000).requests()
    assert isinstance(bad, Bad)
    assert bad.code == -32700
    assert request == Request("hello", {}, 1, True)


def test_without_an_id_nobody_is_answered(child: Any) -> None:
    child.write(b'{"jsonrpc":"2.0","method":"hello","params":{"protocol":1}}\n')
    assert child.call("hello", protocol=1)
    assert not child.told


def test_what_libraries_print_goes_to_stderr() -> None:
    code = (
        "import os, subprocess, sys; from greenroom.hosts.wire import Wire, private_pipes; "
        "wire = Wire(*private_pipes()); print('noise', flush=True); os.write(1, b'more noise'); "
        "subprocess.run([sys.executable, '-c', 'import sys; print(sys.stdin.read() or 42)']); "
        "wire.send({'id': 1, 'result': [r.method for r in wire.requests()]})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=b'{"id":1,"method":"a"}\n', capture_output=True, check=True
    )
    assert json.loads(ran.stdout) == {"jsonrpc": "2.0", "id": 1, "result": ["a"]}
    assert b"noise" in ran.stderr
    assert b"42" in ran.stderr  # a child process doesn't get the host's requests


def test_a_host_without_a_console_may_close_stderr() -> None:
    shell = 'exec "$0" -m greenroom host 2>&-'
    line = b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}\n'
    ran = subprocess.run(["/bin/sh", "-c", shell, sys.executable], input=line, stdout=subprocess.PIPE, check=True)
    assert json.loads(ran.stdout)["result"]["protocol"] == 1


def test_texts_that_are_no_utf8_are_written_all_the_same() -> None:
    sink = io.BytesIO()
    Wire(io.BytesIO(), sink).notify("progress", {"message": "cut \udcff"})
    assert json.loads(sink.getvalue())["method"] == "progress"


def test_closed_pipes_and_shutdown_end_the_child(start: Any) -> None:
    assert start().close() == 0
    child = start()
    assert child.call("shutdown") == {}
    assert child.process.wait(30) == 0
