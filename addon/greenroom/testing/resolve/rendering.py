# SPDX-License-Identifier: Apache-2.0
"""The render queue, as far as sound of a range is rendered for dialogue (facts/resolve, section 6, "Render/audio out").

Settings merge onto what is there, and nothing reads them back. A job goes Ready, Rendering, Complete (or Failed) as it
is asked about. 'wav' can't be reached through SetCurrentRenderFormatAndCodec before 21.1: the preset "Audio Only" can.
"""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from greenroom.testing.resolve.gate import ApiObject
from greenroom.testing.resolve.versions import since

if TYPE_CHECKING:
    from greenroom.testing.resolve.timeline import Timeline

__all__ = ["Rendering"]

_PRESETS = ["H.264 Master", "ProRes 422 HQ", "Audio Only"]
_FORMATS = {"QuickTime": "mov", "MP4": "mp4"}
_CODECS = {"mov": {"Apple ProRes 422 HQ": "ProRes422HQ"}, "mp4": {"H.264": "H264"}}
_SAMPLE_RATE = 48000
_AUDIO_ONLY = {"ExportVideo": False, "ExportAudio": True, "format": "wav"}


class Rendering(ApiObject):
    """The deliver side of a project. `fails_with`: the next jobs end as Failed; `loses_file`: Complete, but no file."""

    current: Timeline | None

    def prepare_rendering(self) -> None:
        self.render_settings: dict[str, Any] = {"ExportVideo": True, "ExportAudio": True, "format": "mov"}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.presets: dict[str, dict[str, Any]] = {}  # saved by SaveAsNewRenderPreset
        self.fails_with = ""
        self.loses_file = False
        self.render_mode = 1  # 0: a file for each clip

    def GetRenderPresetList(self) -> list[str]:
        return [*_PRESETS, *self.presets]

    def LoadRenderPreset(self, presetName: str) -> bool:
        if presetName in self.presets:
            self.render_settings = dict(self.presets[presetName])
            return True
        if presetName not in _PRESETS:
            return False
        picked = _AUDIO_ONLY if presetName == "Audio Only" else {"ExportVideo": True, "format": "mov"}
        self.render_settings.update(picked)
        return True

    def SaveAsNewRenderPreset(self, presetName: str) -> bool:
        if presetName in self.GetRenderPresetList():
            return False
        self.presets[presetName] = dict(self.render_settings)
        return True

    def DeleteRenderPreset(self, presetName: str) -> bool:
        return self.presets.pop(presetName, None) is not None

    def GetRenderFormats(self) -> dict[str, str]:
        return dict(_FORMATS)

    def GetRenderCodecs(self, renderFormatFileExtension: str) -> dict[str, str]:
        return dict(_CODECS.get(renderFormatFileExtension, {}))

    @since(21, 1)
    def GetAudioRenderFormats(self) -> dict[str, str]:
        return {"Wave": "wav"}

    @since(21, 1)
    def GetAudioRenderCodecs(self, audioRenderFormatFileExtension: str) -> dict[str, str]:
        return {"Linear PCM": "lpcm"} if audioRenderFormatFileExtension == "wav" else {}

    def GetCurrentRenderFormatAndCodec(self) -> dict[str, str]:
        return {"format": self.render_settings["format"], "codec": self.render_settings.get("codec", "ProRes422HQ")}

    def SetCurrentRenderFormatAndCodec(self, format: str, codec: str) -> bool:
        if codec not in _CODECS.get(format, {}).values():
            return False
        self.render_settings.update(format=format, codec=codec)
        return True

    def GetCurrentRenderMode(self) -> int:
        return self.render_mode

    def SetCurrentRenderMode(self, renderMode: int) -> bool:
        if renderMode not in (0, 1):
            return False
        self.render_mode = renderMode
        return True

    def SetRenderSettings(self, settings: dict[str, Any]) -> bool:
        self.render_settings.update(settings)
        return True

    def AddRenderJob(self) -> str:
        """'' where there is nothing to render, or the timeline's name has a character that a file can't have."""
        settings = dict(self.render_settings)
        if self.current is None or "TargetDir" not in settings:
            return ""
        if not settings.get("CustomName") and set(self.current.name) & set("/:"):
            return ""
        job = str(uuid4())
        self.jobs[job] = {"settings": settings, "timeline": self.current, "JobStatus": "Ready", "percent": 0}
        return job

    def GetRenderJobList(self) -> list[dict[str, Any]]:
        return [{"JobId": job, "TimelineName": held["timeline"].name} for job, held in self.jobs.items()]

    def DeleteRenderJob(self, jobId: str) -> bool:
        return self.jobs.pop(jobId, None) is not None

    def StartRendering(self, jobIds: list[str], isInteractiveMode: bool = False) -> bool:
        if not jobIds or any(job not in self.jobs for job in jobIds):
            return False
        for job in jobIds:
            self.jobs[job]["JobStatus"] = "Rendering"
        return True

    def StopRendering(self) -> None:
        for held in self.jobs.values():
            if held["JobStatus"] == "Rendering":
                held["JobStatus"] = "Cancelled"

    def IsRenderingInProgress(self) -> bool:
        return any(held["JobStatus"] == "Rendering" for held in self.jobs.values())

    def GetRenderJobStatus(self, jobId: str) -> dict[str, Any]:
        held = self.jobs.get(jobId)
        if held is None:
            return {}
        if held["JobStatus"] == "Rendering":
            held["percent"] += 50
            if self.fails_with:
                held.update(JobStatus="Failed", error=self.fails_with)
            elif held["percent"] >= 100:
                held["JobStatus"] = "Complete"
                if not self.loses_file:
                    _write_sound(held["settings"], held["timeline"])
        status = {"JobStatus": held["JobStatus"], "CompletionPercentage": held["percent"]}
        return {**status, "Error": held["error"]} if "error" in held else status


def _write_sound(settings: dict[str, Any], timeline: Timeline) -> None:
    """Silence of the range's length; MarkOut is inclusive."""
    first = settings.get("MarkIn", timeline.start)
    last = settings.get("MarkOut", timeline.GetEndFrame() - 1)
    samples = round(Fraction(last - first + 1) / timeline.rate * _SAMPLE_RATE)
    name = settings.get("CustomName") or timeline.name
    with wave.open(str(Path(settings["TargetDir"]) / f"{name}.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_SAMPLE_RATE)
        file.writeframes(bytes(4 * samples))
