# SPDX-License-Identifier: Apache-2.0
"""The eyes and ears that engines, review, preflight and casting share: faces, people, heads, skin, identities, speech
and phones.

This room looks at pictures and sound that others have read, and says what is there. Media files, cues, takes and
anything that draws or judges a performance must never enter it; nor may a model that is fetched at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.late_names import late_names

if TYPE_CHECKING:
    from greenroom.perception.faces import FaceFinder
    from greenroom.perception.identity import FaceIdentity
    from greenroom.perception.matte import PersonMatte
    from greenroom.perception.mesh import canonical
    from greenroom.perception.people import choose_by, count_people
    from greenroom.perception.portrait import check_portrait
    from greenroom.perception.pose import fit_pose
    from greenroom.perception.skin import SkinModel
    from greenroom.perception.speech import align, decode_phones, speech_segments, time_phones

__all__ = [
    "FaceFinder",
    "FaceIdentity",
    "PersonMatte",
    "SkinModel",
    "align",
    "canonical",
    "check_portrait",
    "choose_by",
    "count_people",
    "decode_phones",
    "fit_pose",
    "speech_segments",
    "time_phones",
]

_HOMES = {
    "FaceFinder": "faces",
    "FaceIdentity": "identity",
    "PersonMatte": "matte",
    "SkinModel": "skin",
    "align": "speech",
    "canonical": "mesh",
    "check_portrait": "portrait",
    "choose_by": "people",
    "count_people": "people",
    "decode_phones": "speech",
    "fit_pose": "pose",
    "speech_segments": "speech",
    "time_phones": "speech",
}

__getattr__ = late_names(__name__, _HOMES)
