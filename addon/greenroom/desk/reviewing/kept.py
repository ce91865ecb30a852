# SPDX-License-Identifier: Apache-2.0
"""review.json beside take.json: what was measured of a take, as long as take, measures and thresholds are the same."""

from __future__ import annotations

from pathlib import Path

from greenroom.errors import GreenroomError
from greenroom.review.findings import Review
from greenroom.takes.record import read_record, write_json
from greenroom.takes.states import Take

__all__ = ["FOLDER", "keep", "kept_review", "pictures_of"]

_NAME = "review.json"
FOLDER = "review"
"""Where the pictures of the findings lie, in the take's folder."""


def keep(review: Review, take: Take, pictures: dict[int, str]) -> None:
    """Write the review down. `pictures` are file names in FOLDER by the finding's place in the list.

    Raises:
        StoreError: it can't be written.
    """
    value = review.to_json() | {"of": take.sha256, "pictures": {str(at): name for at, name in pictures.items()}}
    write_json(take.folder / _NAME, value)


def kept_review(take: Take, version: str = "") -> Review | None:
    """The review of this very take, by this `version` of measures if one is given. None: there is none to be used."""
    try:
        value = read_record(take.folder / _NAME)
        review = Review.from_json(value)
    except GreenroomError:
        return None
    same = value.get("of") == take.sha256
    return review if same and version in ("", review.version) else None


def pictures_of(take: Take) -> dict[int, Path]:
    """The pictures of a take's findings, by the finding's place in the list."""
    try:
        names = read_record(take.folder / _NAME).get("pictures", {})
    except GreenroomError:
        return {}
    found = {int(at): take.folder / FOLDER / Path(name).name for at, name in names.items() if str(at).isdigit()}
    return {at: path for at, path in found.items() if path.is_file()}
