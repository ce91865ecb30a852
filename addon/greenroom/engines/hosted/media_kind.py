# SPDX-License-Identifier: Apache-2.0
"""What a file is by its first bytes, whatever its name and its host say."""

from __future__ import annotations

__all__ = ["ENOUGH", "media_kind"]

ENOUGH = 512
"""Bytes that are enough to tell."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1aE\xdf\xa3", "video/webm"),  # EBML: WebM and Matroska
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}  # old QuickTime files have no ftyp
_BRANDS = {b"avif": "image/avif", b"heic": "image/heic", b"mif1": "image/heic", b"M4A ": "audio/mp4"}


def media_kind(beginning: bytes) -> str:
    """The MIME type of a file with these first bytes (`ENOUGH` of them); "" where it is none of those known here.

    >>> media_kind(b"  <!doctype html><title>Sign in</title>")
    'text/html'
    """
    if beginning[4:8] in _BOXES:
        known = "video/quicktime" if beginning[8:12] == b"qt  " else "video/mp4"
        return _BRANDS.get(beginning[8:12], known)
    if beginning[:4] == b"RIFF":
        return _RIFF.get(beginning[8:12], "")
    for begins, kind in _BEGINNINGS:
        if beginning.startswith(begins):
            return kind
    return _text_kind(beginning)


def _text_kind(beginning: bytes) -> str:
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "text/html"
    if text.startswith((b"<?xml", b"<error")):
        return "application/xml"
    return "application/json" if text.startswith((b"{", b"[")) else ""
