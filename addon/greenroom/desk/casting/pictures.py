# SPDX-License-Identifier: Apache-2.0
"""From what an image engine delivered to a picture that can be kept: read whole, upright, as PNG, looked over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.errors import DeliveryError, GreenroomError, Problem, Severity
from greenroom.media.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from greenroom.desk.generating.finishing import Finished

    Picture = NDArray[np.uint8]  # (height, width, 3) BGR

__all__ = ["finish_picture", "portrait_problems", "read_picture"]

_POSTER = 480  # pixels of width, as takes' posters have
_AGAIN = "Ask for another candidate: --candidates, or another --seed."


def finish_picture(delivered: Path, folder: Path) -> Finished:
    """The picture as PNG in `folder`, with what speaks against it as a portrait, and its poster.

    Raises:
        DeliveryError: no picture that can be read whole.
        StoreError: no room to write.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError
    from PIL.PngImagePlugin import PngInfo

    from greenroom.desk.generating.finishing import Finished

    media, poster = folder / "picture.png", folder / "poster.png"
    try:
        with Image.open(delivered) as opened:
            kept = PngInfo()
            for name in ("Comment",):  # what a previz says of itself
                if isinstance(opened.info.get(name), str):
                    kept.add_text(name, opened.info[name])
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        message = f"what came back is no picture that can be read ({type(error).__name__})"
        raise DeliveryError(message, hint=_AGAIN, where=delivered.name) from error
    with replacing(media) as partial:
        picture.save(partial, "PNG", pnginfo=kept)
    small = picture.resize((_POSTER, max(1, round(_POSTER * picture.height / picture.width))))
    with replacing(poster) as partial:
        small.save(partial, "PNG")
    problems = portrait_problems(media)
    about: dict[str, Any] = {
        "method": "kept as PNG",
        "size": [picture.width, picture.height],
        "problems": [[str(problem.severity), problem.code, problem.message, problem.hint] for problem in problems],
    }
    return Finished(media, poster, about, tuple(problem.message for problem in problems))


def portrait_problems(path: Path) -> tuple[Problem, ...]:
    """All that speaks against the picture as a portrait, as `cast add` looks at it."""
    from greenroom.desk.project.portraits import look_over

    try:
        return look_over(path)
    except GreenroomError as error:
        return (Problem(Severity.ERROR, "unreadable-portrait", error.message, error.hint, str(path)),)


def read_picture(path: Path) -> Picture:
    """(height, width, 3) BGR.

    Raises:
        DeliveryError: it can't be read.
    """
    import cv2
    import numpy as np

    data = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        hint = "Restore it from a backup, or make it again."
        raise DeliveryError("the picture can't be read", hint=hint, where=str(path))
    return np.asarray(picture, np.uint8)
