# SPDX-License-Identifier: Apache-2.0
"""One clip or compound of an OTIO timeline as an item of a snapshot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath
from types import SimpleNamespace

from greenroom_otio.urls import PictureFiles, media_path
from greenroom_otio.values import Values, schema_of
from greenroom_otio.vse_from import Place, exact, host_of, length_of, metadata_of, number, pair, whole
from greenroom_otio.vse_item import GENERATORS
from greenroom_otio.vse_values import Json

__all__ = ["item_of"]

_TAKES = "greenroom."
_SPEEDS = ("LinearTimeWarp", "FreezeFrame")
_KINDS = {name.casefold(): kind for kind, name in GENERATORS.items()}
_COLOURS = ("slug", "black", "color", "colour", "solid", "bars")
_STILLS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".exr", ".tga", ".dpx", ".psd")
_LOUDEST = 32.0  # +30 dB, the top of every fader


def item_of(item: Values, start: int, track_kind: str, place: Place, where: str) -> Json:
    """`start` is the host's frame; what a snapshot can't hold is told to `place`."""
    frames = whole(start + length_of(item, place)) - start
    host = host_of(item)
    made: Json = {
        "uid": place.uid(host.get("uid")),
        "kind": "compound",
        "name": item.get("name") or "",
        "start": start,
        "frames": frames,
        "enabled": _enabled(item, host),
        "media": "",
        "source_start": 0,
        "media_rate": None,
        "plays": "time",
        "speed": [1, 1],
        "gain": 1.0,
        "note": "",
        "markers": [],
        "unheld": list(host.get("unheld") or ()),
        "greenroom": dict(host["greenroom"]) if isinstance(host.get("greenroom"), dict) else None,
    }
    if schema_of(item) != "Clip":
        place.lose("what lies inside of it", where, "a nested timeline becomes one compound item")
        return made
    if host.get("channels"):
        made["channels"] = host["channels"]
    _fill_clip(made, item, track_kind, place, where)
    return made


def _enabled(item: Values, host: Values) -> bool:
    """As the host had it: what a take of ours covers is switched off there, and counts as on here."""
    ours = host.get("greenroom")
    muted = isinstance(ours, dict) and bool(ours.get("muted_by_us")) and host.get("enabled") is False
    return item.get("enabled", True) is True and not muted


def _fill_clip(made: Json, clip: Values, track_kind: str, place: Place, where: str) -> None:
    host, previous = host_of(clip), _previous(clip)
    reference = _own_reference(clip, previous)
    shown = _own_range(clip, reference, previous, place)
    made["kind"] = _kind(clip, reference, host, track_kind, made, place, where)
    made["media"] = made["media"] or str(host.get("media") or "")
    available = reference.get("available_range")
    media = host.get("media_rate")
    if isinstance(media, list):
        made["media_rate"] = media
    elif available is not None and not host and made["kind"] in ("movie", "images", "sound"):
        made["media_rate"] = pair(exact(available[1]))
    rate = Fraction(*made["media_rate"]) if made["media_rate"] else place.rate
    if shown is not None:
        first = place.frames(*available[:2]) if available is not None else Fraction(0)
        made["source_start"] = number((place.frames(*shown[:2]) - first) * rate / place.rate)
    if available is not None and ("media_frames" in host or not host):
        made["media_frames"] = whole(place.frames(*available[2:]) * rate / place.rate)
    made["plays"] = host.get("plays", "time")
    effects = [*(clip.get("effects") or ()), *(previous.get("effects") or ())]
    _fill_effects(made, effects, place, where)
    _fill_markers(made, clip, made["start"], place)


def _previous(clip: Values) -> Values:
    """What a write-back of Greenroom's keeps of the clip's own state."""
    ours = metadata_of(clip).get("greenroom")
    previous = ours.get("previous") if isinstance(ours, dict) else None
    return previous if isinstance(previous, dict) else {}


def _own_reference(clip: Values, previous: Values) -> Values:
    references, active = clip["media_references"], clip["active_media_reference_key"]
    keys = (active, previous.get("active"), "DEFAULT_MEDIA", *sorted(references))
    own = (key for key in keys if isinstance(key, str) and key in references and not key.startswith(_TAKES))
    found: Values | None = references.get(next(own, ""))
    return found if found is not None else {"OTIO_SCHEMA": "MissingReference.1"}


def _own_range(clip: Values, reference: Values, previous: Values, place: Place) -> tuple[float, ...] | None:
    """What the clip shows of its own media: where a take's count has replaced it, the one that was kept."""
    shown: tuple[float, ...] | None = clip.get("source_range")
    then = previous.get("source_range") or reference.get("available_range")
    if shown is not None and "moved_to" in previous and then is not None:
        since = place.frames(*shown[:2]) - place.frames(*previous["moved_to"])
        moved = place.frames(*then[:2]) + since
        return float(moved * exact(then[1]) / place.rate), then[1], *shown[2:]
    return shown if shown is not None else then


def _kind(clip: Values, reference: Values, host: Values, track_kind: str, made: Json, place: Place, where: str) -> str:
    schema = schema_of(reference)
    if schema == "ImageSequenceReference":
        _fill_sequence(made, reference, place)
        return "images"
    if schema == "ExternalReference":
        found = media_path(SimpleNamespace(target_url=reference.get("target_url")), place.folder or ".")
        made["media"] = str(found) if found is not None else ""
        if found is None:
            place.lose("its media", where, f"{reference.get('target_url')!r:.80} is no local file")
        if host.get("kind"):
            return str(host["kind"])
        still = PurePath(made["media"]).suffix.casefold() in _STILLS
        return "sound" if track_kind == "audio" else "image" if still else "movie"
    kept = host_of(reference).get("media")
    made["media"] = str(kept or "")
    if schema == "GeneratorReference":
        kind = str(reference.get("generator_kind") or "").casefold()
        found_kind = _KINDS.get(kind) or ("text" if "text" in kind or "title" in kind else "")
        return found_kind or ("colour" if any(word in kind for word in _COLOURS) else "generator")
    return str(host.get("kind") or ("sound" if track_kind == "audio" else "missing"))


def _fill_sequence(made: Json, reference: Values, place: Place) -> None:
    known = {"frame_step": 1, "rate": 24.0, "start_frame": 0, "frame_zero_padding": 0} | reference
    files = media_path(SimpleNamespace(**{**known, "available_range": None}), place.folder or ".")
    if isinstance(files, PictureFiles):
        names = {"folder": str(files.folder), "prefix": files.prefix, "suffix": files.suffix}
        made["sequence"] = {**names, "padding": files.padding, "first": files.first}


def _fill_effects(made: Json, effects: list[Values], place: Place, where: str) -> None:
    speed = Fraction(1)
    for effect in effects:
        host, kind = host_of(effect), schema_of(effect)
        if kind in _SPEEDS:
            if host.get("speed") != "conform":
                speed *= Fraction(effect["time_scalar"]).limit_denominator(10_000)
        elif "gain" in host or _fcp_level(effect) is not None:
            made["gain"] *= host.get("gain") or _fcp_level(effect) or 1.0
        elif not _says_nothing(effect):
            name = str(effect.get("name") or effect.get("effect_name") or kind)
            made["unheld"].append(f'the effect "{name}"')
            place.lose(f'the effect "{name}"', where, "a snapshot holds constant speed and gain")
    made["speed"] = pair(speed)


def _says_nothing(effect: Values) -> bool:
    """Resolve writes every effect that a clip could have, most of them with nothing set."""
    resolve = metadata_of(effect).get("Resolve_OTIO")
    return isinstance(resolve, dict) and not resolve.get("Parameters")


def _fcp_level(effect: Values) -> float | None:
    fcp = metadata_of(effect).get("fcp_xml")
    parameter = fcp.get("parameter") if isinstance(fcp, dict) and fcp.get("effectid") == "audiolevels" else None
    if not isinstance(parameter, dict) or parameter.get("keyframe"):
        return None
    try:
        level = float(str(parameter.get("value", "1")))
    except ValueError:
        return None
    return level if 0 <= level <= _LOUDEST else None


def _fill_markers(made: Json, clip: Values, start: int, place: Place) -> None:
    """The note that a host keeps on the item, and its markers at the host's frames."""
    shown = clip.get("source_range")
    zero = start - whole(place.frames(*shown[:2])) if shown is not None else start
    for marker in clip.get("markers") or ():
        if host_of(marker).get("note") is True and not made["note"]:
            made["note"] = marker.get("name") or ""
        else:
            made["markers"].append(place.marker(marker, zero))
