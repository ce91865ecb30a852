# SPDX-License-Identifier: Apache-2.0
"""A bucket as the place of exchange: a real server on this machine that speaks S3 and checks keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.desk.farm.crew import FarmCrew
from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.farm.shared_store import SharedStore
from greenroom.errors import StoreError
from greenroom.testing.bucket import serve_bucket
from greenroom.testing.farm import Farm
from greenroom.testing.farm_work import shout, wait, write_noise

PLACE = "s3://show/exchange"
NOBODY = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
"""No key from the machine either, should the test run at Amazon or its user have one."""


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, str]]:
    with serve_bucket("show") as environment:
        yield environment


@pytest.fixture
def bucket(served: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its address and key are in the environment, as on every machine of such a farm."""
    import s3fs

    for name, value in served.items():
        monkeypatch.setenv(name, value)
    yield
    s3fs.S3FileSystem.clear_instance_cache()  # a connection is kept with its key


@pytest.mark.usefixtures("bucket")
def test_files_go_into_a_bucket_and_come_back(tmp_path: Path) -> None:
    store = SharedStore(PLACE)
    store.check()
    large = write_noise(tmp_path / "large", 12 << 20)  # comes back in several pieces
    digest, again = store.put_file(large), store.put_file(large)
    assert digest == again
    own = store.room_of("0" * 32)
    own.put_file(large)
    own.clear()
    own.clear()
    store.fetch(digest, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    with pytest.raises(StoreError, match="can't be used"):
        own.fetch(digest, tmp_path / "gone")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "large"]
    assert store.clean() == (0, 0), "all of it is of today"


@pytest.mark.usefixtures("bucket")
def test_two_machines_work_by_a_bucket(own_farm: Farm, tmp_path: Path) -> None:
    own_farm.start()
    for _ in range(2):
        own_farm.add_worker()
    sources = [tmp_path / f"line {number}.txt" for number in range(4)]
    for source in sources:
        source.write_text(f"{source.name} is quiet")
        (tmp_path / "work" / source.stem).mkdir(parents=True)

    async def main() -> tuple[list[str], set[int]]:
        async with FarmCrew(FarmSettings(own_farm.address, PLACE, own_farm.roots), tmp_path / "work") as crew:
            jobs = [crew.run(shout, source, tmp_path / "work" / source.stem) for source in sources]
            found = [each.text for each in await asyncio.gather(*jobs)]
            mark = own_farm.folder / "show" / "begun"
            return found, set(await asyncio.gather(crew.run(wait, 1.0, mark), crew.run(wait, 1.0, mark)))

    found, processes = asyncio.run(main())
    assert found == [f"LINE {number}.TXT IS QUIET" for number in range(4)]
    assert len(processes) == 2
    for source in sources:
        assert (tmp_path / "work" / source.stem / "shouted.txt").read_text() == source.read_text().upper()


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("place", "changed", "said"),
    [
        ("s3://elsewhere/exchange", {}, "bucket does not exist"),
        (PLACE, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "signature"),
        (PLACE, {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "does not exist in our records"),
        (PLACE, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", **NOBODY}, "credentials"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_told_before_anything_is_begun(
    own_farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, changed: dict[str, str], said: str
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)

    async def main() -> None:
        async with FarmCrew(FarmSettings("127.0.0.1:9", place), tmp_path):
            pass

    with pytest.raises(StoreError, match=said) as caught:
        asyncio.run(main())
    assert caught.value.where == place
    assert "key is set" in caught.value.hint
    assert not any(value and value in str(caught.value) for value in changed.values())
