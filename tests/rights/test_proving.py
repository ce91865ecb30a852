# SPDX-License-Identifier: Apache-2.0
"""Credentials on the road: made last, checked again, lost, broken and exchanged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from greenroom.desk import road
from greenroom.desk.project.project import Project
from greenroom.errors import InputError
from greenroom.media.probe import probe
from greenroom.rights.credentials.certificate import check_chain, make_chain
from greenroom.rights.credentials.identity import init_identity, signing_folder
from greenroom.rights.credentials.reading import Whole, read_credentials
from greenroom.rights.credentials.signing import sign, sign_beside
from greenroom.rights.credentials.statement import definition
from greenroom.testing.projects import everybody_agrees

RECORD: dict[str, Any] = {
    "request": {"mode": "talk", "actor": {"name": "mara", "version": "v"}, "seed": 1, "line": "x", "motion": ""},
    "engine": {"name": "fabric@fal", "label": "", "title": "Fabric", "version": "1"},
    "fingerprint": "f",
    "variant": 1,
}


def manifest() -> dict[str, Any]:
    return definition(RECORD, title="t", version="1", opened=False)


def frames_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").tobytes() for frame in container.decode(video=0)]


def test_a_take_is_signed_last_and_stays_what_it_was(signed: Any, run: Callable[..., Any]) -> None:
    take = next(take for take in signed.made.report.takes if take.mode == "talk")
    record = json.loads((take.folder / "take.json").read_text("utf-8"))
    assert record["provenance"]["signed"] is True
    assert record["provenance"]["self_signed"] is True
    found = read_credentials(take.media)
    assert (found.state, found.signer, found.trusted) == (Whole.WHOLE, "Szene 王", False)
    assert found.take["fingerprint"] == take.fingerprint
    assert "I never left" not in json.dumps(dict(found.take))  # no words, unless the project wants them
    assert [each["relationship"] for each in found.ingredients] == ["inputTo", "inputTo"]
    info = probe(take.media)
    assert (info.frames, take.sha256) == (take.frames, record["sha256"])
    assert len(frames_of(take.media)) == take.frames
    status, out, _ = run("verify", signed.folder / "made.otio", "--json")
    states = [each["state"] for each in json.loads(out)["files"]]
    assert (status, states) == (0, ["whole", "whole"])
    assert all(each["trusted"] for each in json.loads(out)["files"])  # by the project's own root


def test_changed_footage_is_the_parent(signed: Any) -> None:
    take = next(take for take in signed.made.report.takes if take.mode == "replace")
    found = read_credentials(take.media)
    assert found.actions[:2] == ("c2pa.opened", "c2pa.edited")
    assert found.source_types[0].endswith("/compositeWithTrainedAlgorithmicMedia")
    parent = next(each for each in found.ingredients if each["relationship"] == "parentOf")
    assert parent["title"] == "tom.mov"
    assert "frames 2 to 41" in parent["description"]


def test_a_certificate_changes_nothing_of_the_pictures(scene: Any) -> None:
    everybody_agrees(scene.folder)
    plain = scene.generate().report.takes[0]
    pictures = frames_of(plain.media)
    shutil.rmtree(scene.folder / "takes")
    (scene.folder / "takes").mkdir()
    init_identity(Project.load(scene.folder).id, "x")
    signed = scene.generate("again.otio").report.takes[0]
    assert frames_of(signed.media) == pictures
    assert probe(signed.media).start_frame == plain.start_frame


def test_recut_restore_and_the_swap_work_with_signed_takes(signed: Any) -> None:
    cut, back = signed.folder / "made.otio", signed.folder / "back.otio"
    assert road.restore(cut, back).clips == 2
    again = signed.generate("again.otio")
    assert again.report.results == ()
    assert again.complete


def test_xmp_is_always_there(scene: Any) -> None:
    everybody_agrees(scene.folder)
    for take in scene.generate().report.takes:
        tree = ET.fromstring(take.media.with_suffix(".xmp").read_bytes())
        attributes = {key.rsplit("}", 1)[-1]: value for each in tree.iter() for key, value in each.attrib.items()}
        kind = "trainedAlgorithmicMedia" if take.mode == "talk" else "compositeWithTrainedAlgorithmicMedia"
        assert attributes["DigitalSourceType"].endswith(f"/{kind}")
        assert attributes["AISystemUsed"]
        record = json.loads((take.folder / "take.json").read_text("utf-8"))
        assert record["provenance"] == {"signed": False, "why": "there is no certificate: greenroom sign --init"}


def test_without_the_extra_takes_are_made_all_the_same(scene: Any, tmp_path: Path) -> None:
    """In a process in which c2pa can't be imported."""
    everybody_agrees(scene.folder)
    init_identity(Project.load(scene.folder).id, "x")
    (tmp_path / "without" / "c2pa").mkdir(parents=True)
    (tmp_path / "without" / "c2pa" / "__init__.py").write_text("raise ImportError('no c2pa', name='c2pa')\n", "utf-8")
    code = (
        "import sys, pathlib\n"
        "from greenroom.desk import road\n"
        "from greenroom.testing.engines import TinyEngine\n"
        "from greenroom.cli import main\n"
        "if __name__ == '__main__':\n"
        "    made = road.generate(pathlib.Path('cut.otio'), pathlib.Path('o.otio'), installed={'tiny': TinyEngine()})\n"
        "    assert made.complete\n"
        "    sys.exit(main(['verify', 'o.otio']))\n"
    )
    (tmp_path / "go.py").write_text(code, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "without")}
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "go.py")], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2, ran.stderr
    assert 'pip install "greenroom[provenance]"' in ran.stderr
    record = next(iter((scene.folder / "takes").glob("*/take_001/take.json")))
    assert "isn't installed" in json.loads(record.read_text("utf-8"))["provenance"]["why"]


def test_what_was_lost_broken_and_exchanged(signed: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    one, two = sorted(signed.made.report.takes, key=lambda take: take.mode)
    data = bytearray(two.media.read_bytes())
    data[len(data) // 2] ^= 1
    whole_one, whole_two = one.media.read_bytes(), two.media.read_bytes()
    two.media.write_bytes(data)
    with av.open(str(one.media)) as source, av.open(str(tmp_path / "copy.mov"), "w") as copy:
        video = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                copy.mux(packet)
    shutil.copyfile(tmp_path / "copy.mov", one.media)
    status, out, _ = run("verify", signed.folder / "made.otio", "--json")
    states = {each["take"] and each["file"]: each["state"] for each in json.loads(out)["files"]}
    assert (status, states) == (1, {str(one.media): "lost", str(two.media): "broken"})
    one.media.write_bytes(whole_two)
    two.media.write_bytes(whole_one)
    status, out, _ = run("verify", signed.folder / "made.otio")
    assert (status, out.count("those of another file")) == (1, 2)


def test_an_export_is_signed_again_from_the_takes_of_its_cut(signed: Any, run: Callable[..., Any]) -> None:
    export = signed.folder / "export.mov"
    shutil.copyfile(signed.folder / "media" / "tom.mov", export)
    assert run("verify", export)[0] == 1  # nothing is in it
    status, out, _ = run("sign", export, "--cut", signed.folder / "made.otio")
    assert (status, "2 takes named in it" in out) == (0, True)
    found = read_credentials(export)
    assert found.actions == ("c2pa.created", "c2pa.placed", "c2pa.placed")
    assert {each["relationship"] for each in found.ingredients} == {"componentOf"}
    assert all(each.get("active_manifest") for each in found.ingredients)  # the takes' own credentials are inside
    assert run("verify", export)[0] == 0
    again = signed.folder / "graded.mov"
    status, _, _ = run("sign", export, "-o", again)
    assert (status, read_credentials(again).ingredients[0]["relationship"]) == (0, "parentOf")
    assert [path.name for path in signed.folder.glob(".*partial*")] == []


def test_containers_that_hold_nothing_get_theirs_beside_them(signed: Any, run: Callable[..., Any]) -> None:
    mxf = signed.folder / "reel.mxf"
    mxf.write_bytes(os.urandom(70_000))
    status, out, _ = run("sign", mxf, "--cut", signed.folder / "made.otio")
    assert (status, (signed.folder / "reel.c2pa").is_file()) == (0, True)
    assert run("verify", mxf)[0] == 0
    data = bytearray(mxf.read_bytes())
    data[-1] ^= 1
    mxf.write_bytes(data)
    status, out, _ = run("verify", mxf)
    assert (status, "changed after it was signed" in out) == (1, True)


def test_certificates_that_can_not_sign(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    chain, _, root = make_chain("x")
    assert check_chain(chain, now) == ()
    assert "expired" in check_chain(chain, now + timedelta(days=800))[0]
    assert "valid from" in check_chain(chain, now - timedelta(days=1))[0]
    assert any("isn't for signing" in each for each in check_chain(root, now))
    with pytest.raises(InputError, match="no certificate"):
        check_chain(b"-----BEGIN NOTHING-----", now)


def test_an_expired_certificate_stops_signing_and_no_take(scene: Any) -> None:
    everybody_agrees(scene.folder)
    home = Project.load(scene.folder).id
    identity = init_identity(home, "x")
    chain, secret, _ = make_chain("x", datetime.now(UTC) - timedelta(days=1000))
    (identity.folder / "chain.pem").write_bytes(chain)
    (identity.folder / "key.pem").write_bytes(secret)
    made = scene.generate()
    assert made.complete
    why = [json.loads((take.folder / "take.json").read_text("utf-8"))["provenance"] for take in made.report.takes]
    assert all("expired" in each["why"] for each in why)


def test_the_key_is_never_in_the_project(signed: Any) -> None:
    home = signing_folder(Project.load(signed.folder).id)
    assert not home.is_relative_to(signed.folder)
    secret = (home / "key.pem").read_bytes().splitlines()[1]
    assert not any(secret in path.read_bytes() for path in signed.folder.rglob("*") if path.is_file())
    if os.name == "posix":
        assert (home / "key.pem").stat().st_mode & 0o077 == 0


def test_ones_own_certificate_with_a_key_or_a_service(scene: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    chain, secret, _ = make_chain("Studio CA")
    other = make_chain("other")[1]
    for name, data in (("chain.pem", chain), ("key.pem", secret), ("other.pem", other)):
        (tmp_path / name).write_bytes(data)
    given = ["sign", "--init", "--certificate", tmp_path / "chain.pem"]
    assert run(*given)[0] == 2
    status, _, err = run(*given, "--key", tmp_path / "other.pem")
    assert (status, "isn't the certificate's own" in err) == (2, True)
    assert run(*given, "--key", tmp_path / "key.pem")[0] == 0
    assert run("sign", "--init")[0] == 2  # there is one already
    service = tmp_path / "service.py"
    service.write_text(
        "import sys\n"
        "from cryptography.hazmat.primitives import hashes, serialization\n"
        "from cryptography.hazmat.primitives.asymmetric import ec, utils\n"
        "key = serialization.load_pem_private_key(open(sys.argv[1], 'rb').read(), None)\n"
        "der = key.sign(sys.stdin.buffer.read(), ec.ECDSA(hashes.SHA256()))\n"
        "r, s = utils.decode_dss_signature(der)\n"
        "sys.stdout.buffer.write(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))\n",
        "utf-8",
    )
    command = f"{sys.executable} {service} {tmp_path / 'key.pem'}"
    assert run(*given, "--command", command, "--again")[0] == 0
    export = scene.folder / "e.mov"
    shutil.copyfile(scene.folder / "media" / "tom.mov", export)
    assert run("sign", export)[0] == 0
    assert read_credentials(export).signer == "Studio CA"


def test_nothing_to_sign_with_or_to_sign(scene: Any, run: Callable[..., Any]) -> None:
    status, _, err = run("sign", scene.folder / "media" / "tom.mov")
    assert (status, "greenroom sign --init" in err) == (2, True)
    assert run("sign", "gone.mov")[0] == 2
    assert run("sign")[0] == 2


def test_a_file_that_only_says_it_is_a_movie(scene: Any, tmp_path: Path) -> None:
    identity = init_identity("p", "x")
    bad = tmp_path / "bad.mov"
    bad.write_bytes(b"no movie at all")
    with pytest.raises(Exception, match="can't be signed") as caught:
        sign(bad, tmp_path / "out.mov", manifest(), (), identity)
    assert type(caught.value).__name__ == "StoreError"
    assert not (tmp_path / "out.mov").exists()
    with pytest.raises(InputError, match="lie inside it"):
        sign_beside(scene.folder / "media" / "tom.mov", manifest(), (), identity)
