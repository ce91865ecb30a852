# SPDX-License-Identifier: GPL-3.0-or-later
"""A timeline that came from elsewhere, put onto a scene: on free channels above everything that is there.

A transition needs two strips that overlap, so a track with transitions takes three channels: its clips on two of them
by turns, and the Cross strips above. Sound fades by its volume. What can't be brought in is kept in `losses`.
"""

import os
from fractions import Fraction

from . import compat, identity, pump, snapshot

_TAG = "COLOR_01"  # red: media that is missing


class Merge:
    """One snapshot onto one scene."""

    def __init__(self, scene, value):
        self.scene, self.value = scene, value
        self.editor = compat.editor_of(scene, create=True)
        self.rate = Fraction(*value["timeline"]["rate"])
        self.made = {}
        self.losses = []

    def merge(self):
        """The strips that were added."""
        self._settle_rate()
        channel = max((strip.channel for strip in compat.strips(self.editor)), default=0) + 1
        tracks = [Lanes(track) for track in sorted(self.value["tracks"], key=_order) if track["items"]]
        self.workshop = channel + sum(lanes.width for lanes in tracks)
        if self.workshop > compat.LAST_CHANNEL:
            raise pump.HostError("Too few channels are free", "Import into a new scene")
        for lanes in tracks:
            self._track(lanes, channel)
            channel += lanes.width
        for marker in self.value.get("markers", ()):
            self.scene.timeline_markers.new(marker.get("name") or marker.get("note") or "", frame=int(marker["frame"]))
        return list(self.made.values())

    def _settle_rate(self):
        ours = snapshot.rate_of(self.scene)
        if self.rate != ours and len(compat.strips(self.editor)):
            raise pump.HostError(
                f"The file runs at {float(self.rate):g} fps, this scene at {float(ours):g} fps",
                "Import it into an empty scene, which takes the file's frame rate over",
            )
        if self.rate != ours:
            set_rate(self.scene, self.rate)

    def lose(self, what, item, why):
        self.losses.append({"what": what, "where": item.get("name") or f"frame {item['start']}", "why": why})

    def _track(self, lanes, channel):
        for item in lanes.items:
            strip = self._strip(item, self.workshop)  # until it has its length, so that Blender shuffles nothing
            head, tail = lanes.more[item["uid"]]
            compat.set_range(strip, item["start"] - head, item["start"] + item["frames"] + tail)
            strip.channel = channel + lanes.lane[item["uid"]]
            taken = (item.get("greenroom") or {}).get("muted_by_us")  # the take that covered it comes in afterwards
            strip.mute = not (item.get("enabled", True) or taken)
            identity.write_note(strip, item.get("note", ""))
            self._fade(strip, item, item.get("fade_in") or head, item.get("fade_out") or tail, (head, tail))
            self.made[item["uid"]] = strip
        for crossing, before, after in lanes.crossings:
            if before["kind"] != "sound":
                self._cross(crossing, self.made[before["uid"]], self.made[after["uid"]], channel + 2)
        for crossing in lanes.impossible:
            self.lose("a transition", crossing, "It lies on no cut, or its clips are too short; the cut below it stays")
        for number in range(channel, channel + lanes.width):
            if lanes.track.get("name"):
                self.editor.channels[number].name = lanes.track["name"]
            self.editor.channels[number].mute = not lanes.track.get("enabled", True)

    def _cross(self, crossing, before, after, channel):
        name, first = crossing.get("name") or "Cross", crossing["start"]
        compat.new_effect(self.editor, "CROSS", name, channel, first, crossing["frames"], inputs=(before, after))

    def _fade(self, strip, item, fade_in, fade_out, crossed):
        """Keyframes at the ends, as Blender's own Add Fades sets them. Pictures that cross have a Cross strip."""
        sound = item["kind"] == "sound"
        if not sound and any(crossed):
            return
        word = "volume" if sound else "blend_alpha"
        if not hasattr(strip, word) or not (fade_in or fade_out):
            return
        full, first, end = getattr(strip, word), compat.first_frame(strip), compat.end_frame(strip)
        at_start = [(first, 0.0), (first + fade_in, full)] if fade_in else []
        at_end = [(end - fade_out, full), (end, 0.0)] if fade_out else []
        for frame, value in (*at_start, *at_end):
            setattr(strip, word, value)
            strip.keyframe_insert(word, frame=frame)

    # -- One strip

    def _strip(self, item, channel):
        name, first, frames = item.get("name") or "clip", item["start"], item["frames"]
        path = item.get("media", "")
        if path and item["kind"] == "movie" and os.path.isfile(path):
            strip = compat.new_movie(self.editor, name, path, channel, first)
            return self._timed(strip, item)
        if path and item["kind"] == "sound" and compat.KNOWS_SOUND:
            strip = compat.new_sound(self.editor, name, path, channel, first)
            strip.volume = item.get("gain", 1.0)
            return self._timed(strip, item)
        if path and item["kind"] in ("image", "images") and os.path.isfile(path):
            return self._pictures(item, name, path, channel, first - int(item.get("source_start") or 0))
        strip = compat.new_effect(self.editor, "COLOR", name, channel, first, frames)
        if path:
            strip.color_tag = _TAG
            strip["greenroom_media"] = path
            deaf = item["kind"] == "sound"
            why = "This Blender was made without sound" if deaf else "The file isn't there"
            self.lose("media", item, f"{why}; a red placeholder holds its room")
        return strip

    def _timed(self, strip, item):
        """Plays at the item's speed from the media's frame that the item begins with."""
        speed = self._speed(item)
        if speed != 1 and not self._retimed(strip, item, speed):
            speed = Fraction(1)
        skipped = Fraction(item.get("source_start") or 0) / speed
        if strip.type == "SOUND" and item.get("media_rate"):
            skipped *= self.rate / Fraction(*item["media_rate"])
        compat.move_content(strip, item["start"] - round(skipped))
        return strip

    def _speed(self, item):
        """Media frames for each of the timeline's: Blender plays frame by frame, other programs in time."""
        speed = Fraction(*item.get("speed") or (1, 1))
        if item["kind"] == "movie" and item.get("plays") == "time" and item.get("media_rate"):
            speed *= Fraction(*item["media_rate"]) / self.rate
        return speed

    def _retimed(self, strip, item, speed):
        if speed <= 0:
            self.lose(f"the speed of {float(speed):.0%}", item, "A clip that stands still or runs backwards plays on")
            return False
        got = compat.set_speed(strip, speed)
        if got != speed:
            rate = f"{float(speed):.4g}" if got is None else f"{float(speed):.6g} (it is {float(got):.6g} now)"
            why = "Blender plays a file frame by frame, and retimes to whole frames only in an open sequencer"
            self.lose(f"the exact speed of {rate}", item, why)
        return got is not None

    def _pictures(self, item, name, path, channel, content):
        strip = compat.new_image(self.editor, name, path, channel, content)
        sequence = item.get("sequence")
        if sequence:
            for number in range(sequence["first"] + 1, sequence["first"] + int(item.get("media_frames") or 1)):
                strip.elements.append(f"{sequence['prefix']}{number:0{sequence['padding']}}{sequence['suffix']}")
        return strip


class Lanes:
    """A track's clips on one channel, or on two by turns where transitions make them overlap."""

    def __init__(self, track):
        self.track = track
        self.items = sorted((item for item in track["items"] if item["kind"] != "transition"), key=_start)
        self.lane = {item["uid"]: 0 for item in self.items}
        self.more = {item["uid"]: (0, 0) for item in self.items}  # frames added before and after for transitions
        self.crossings, self.impossible = [], []
        ends = {item["start"] + item["frames"]: item for item in self.items}
        found = {}
        for crossing in sorted((item for item in track["items"] if item["kind"] == "transition"), key=_start):
            edge = next((item["start"] for item in self.items if _under(crossing, item["start"], ends)), None)
            if edge is None or edge in found:
                self.impossible.append(crossing)
            else:
                found[edge] = crossing, ends[edge]
        self._lay(found)
        self.width = 3 if self.crossings else 1

    def _lay(self, found):
        lane, busy = 0, [None, None]  # until where each lane is taken
        for item in self.items:
            crossing, before = found.get(item["start"], (None, None))
            head = item["start"] - crossing["start"] if crossing else 0
            other = busy[1 - lane]
            if crossing and (other is None or other <= item["start"] - head):
                lane = 1 - lane
                tail = crossing["start"] + crossing["frames"] - item["start"]
                self.more[before["uid"]] = self.more[before["uid"]][0], tail
                self.more[item["uid"]] = head, 0
                busy[1 - lane] = item["start"] + tail
                self.crossings.append((crossing, before, item))
            elif crossing:
                self.impossible.append(crossing)
            self.lane[item["uid"]] = lane
            busy[lane] = item["start"] + item["frames"]


def _start(item):
    return item["start"]


def _under(crossing, edge, ends):
    return edge in ends and crossing["start"] <= edge <= crossing["start"] + crossing["frames"]


def _order(track):
    """Sound below picture, each in its own order, as editors of the sequencer have it."""
    return track["kind"] != "audio", track.get("index", 0)


def set_rate(scene, rate):
    """24000/1001 is 24 with a base of 1.001."""
    whole = round(rate)
    scene.render.fps = whole
    scene.render.fps_base = float(Fraction(whole) / rate)
