# SPDX-License-Identifier: Apache-2.0
"""The viewer's widget: puts transport, decoders, sound and canvas together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from greenroom.errors import GreenroomError
from greenroom.frames import FrameRange, nominal, timecode
from greenroom.panel.viewer.bar import Bar
from greenroom.panel.viewer.canvas import Canvas, Compare, Pane
from greenroom.panel.viewer.faces import find_faces
from greenroom.panel.viewer.heard import Run
from greenroom.panel.viewer.keys import COMMANDS, Command
from greenroom.panel.viewer.picture import Dialogue, FaceBoxes, FindingTick, Picture
from greenroom.panel.viewer.reel import Reel
from greenroom.panel.viewer.scrubber import Scrubber
from greenroom.panel.viewer.sinks import OpenSink, open_device
from greenroom.panel.viewer.sound import DialoguePlayer, SoundState
from greenroom.panel.viewer.transport import Transport
from greenroom.panel.work import Work

__all__ = ["Viewer"]

_WIPE_STEP = 0.02
_NOWHERE = "--:--:--:--"


class Viewer(QWidget):
    """Plays one picture or compares two, with the dialogue. Give it media by `load`. Frames are its own, from 0.

    `frame_changed` tells the frame on screen. `faces_wanted` asks for a `set_faces` of the picture with this number (0
    or 1): the overlay is on and nobody has looked for faces yet. With `work` the viewer looks by itself. The commands
    of `keys.COMMANDS` are methods here, and actions with their keys; all of them can be had by `action`.
    """

    frame_changed = Signal(int)
    faces_wanted = Signal(int, object)
    _news = Signal()

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        work: Work | None = None,
        open_sink: OpenSink = open_device,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Viewer"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)  # every command, with its key
        self._monotonic = monotonic
        self._work = work
        self.transport = Transport(monotonic)
        self.sound = DialoguePlayer(open_sink, monotonic)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Picture"))
        self.scrubber = Scrubber(self)
        self.scrubber.setAccessibleName(self.tr("Frame"))
        self._actions = {command.name: self._made(command) for command in COMMANDS}
        self.bar = Bar(self._actions, self)
        self._reel = Reel(self.transport)
        self._findings: tuple[FindingTick, ...] = ()
        self._shown = -1
        self._damaged: tuple[range, ...] = ()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.canvas.resized.connect(self._tick)
        self.canvas.wiped.connect(self.set_wipe)
        self.scrubber.picked.connect(self.go_to)
        self._news.connect(self._tick, Qt.ConnectionType.QueuedConnection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.scrubber)
        layout.addWidget(self.bar)
        self.close_media()

    @property
    def frame(self) -> int:
        """The frame on screen, -1 where none is yet."""
        return self._shown

    @property
    def dropped(self) -> int:
        """Frames that play left out since `load`, in the sound's favour."""
        return self._reel.dropped

    @property
    def sound_state(self) -> SoundState:
        """Whether the dialogue is heard; `sound.why` says why not."""
        return self.sound.state

    @property
    def findings(self) -> Sequence[FindingTick]:
        return self._findings

    @findings.setter
    def findings(self, ticks: Sequence[FindingTick]) -> None:
        self._findings = tuple(sorted(ticks, key=lambda tick: tick.first))
        self.scrubber.set_ticks(self._findings)
        self._enable()

    def action(self, name: str) -> QAction:
        """The action of a command, for menus, and for windows that want its key everywhere."""
        return self._actions[name]

    def load(self, first: Picture, second: Picture | None = None, dialogue: Dialogue | None = None) -> None:
        """Shows `first`, or compares it with `second`, at the first frame. How two are compared stays as it was."""
        self.close_media()
        self._reel.load((first,) if second is None else (first, second), self._news.emit)
        self.canvas.first, self.canvas.second = Pane(first.label), Pane(second.label if second is not None else "")
        self.transport.load(first.frames, first.rate)
        self.sound.load(dialogue)
        self.scrubber.setRange(0, max(0, first.frames - 1))
        self._timer.setInterval(max(4, int(1000 / first.rate / 3)))
        self._enable()
        if second is None:
            self._compare(Compare.FIRST)
        self._show_marks()
        self._show_state()
        self._want_faces()
        self._tick()

    def close_media(self) -> None:
        """Shows nothing, and lets go of the files."""
        self._timer.stop()
        self.sound.close()
        self._reel.close()
        self.transport.use_clock(self._monotonic, 0)
        self.transport.load(0, self.transport.rate)
        self.findings = ()
        self._shown = -1
        self._show_damage()
        self.canvas.first, self.canvas.second = Pane(message=self.tr("Choose a take to see it here.")), Pane()
        self.canvas.update()
        self.bar.timecode.setText(_NOWHERE)
        self.bar.length.setText("")
        self.bar.set_playing(False)
        self._show_state()

    def set_faces(self, number: int, faces: FaceBoxes) -> None:
        """Where the face of the picture `number` (0 or 1) is."""
        pictures = list(self._reel.pictures)
        if number < len(pictures):
            pictures[number] = replace(pictures[number], faces=faces)
            self._reel.pictures = tuple(pictures)
            self._tick()

    def go_to(self, frame: int) -> None:
        """Stands on `frame`."""
        self._stand(frame, 1)

    def step(self, frames: int) -> None:
        """So many frames on, or back."""
        self._stand(self.transport.due() + frames, frames)

    def play(self, speed: int) -> None:
        """At 1, 2 or 4 times the speed, backwards if negative; 0 stops."""
        self.sound.stop()
        if not speed:
            self.transport.stop()
        elif self._reel.pictures:
            self._reel.retry()
            self.transport.play(speed)
        self._count_by_sound()
        self._reel.begin(self.transport.due(), self._shown)
        self._started()

    def shuttle_on(self) -> None:
        self.play(self.transport.shuttled(1))

    def shuttle_back(self) -> None:
        self.play(self.transport.shuttled(-1))

    def halt(self) -> None:
        self.play(0)

    def toggle(self) -> None:
        self.play(0 if self.transport.playing else 1)

    def step_on(self) -> None:
        self.step(1)

    def step_back(self) -> None:
        self.step(-1)

    def second_on(self) -> None:
        self.step(nominal(self.transport.rate))

    def second_back(self) -> None:
        self.step(-nominal(self.transport.rate))

    def to_start(self) -> None:
        self.go_to(0)

    def to_end(self) -> None:
        self.go_to(self.transport.frames - 1)

    def mark_in(self) -> None:
        self.transport.mark_in(self.transport.due())
        self._marked()

    def mark_out(self) -> None:
        self.transport.mark_out(self.transport.due())
        self._marked()

    def clear_marks(self) -> None:
        self.transport.clear_marks()
        self._marked()

    def set_loop(self, on: bool) -> None:
        self.transport.loop = on
        self._marked()

    def flip(self) -> None:
        """The other of two pictures, in the same place."""
        self._compare(Compare.FIRST if self.canvas.compare is Compare.SECOND else Compare.SECOND)

    def show_first(self) -> None:
        self._compare(Compare.FIRST)

    def show_second(self) -> None:
        self._compare(Compare.SECOND)

    def show_side_by_side(self) -> None:
        self._compare(Compare.SIDE_BY_SIDE)

    def show_wipe(self) -> None:
        self._compare(Compare.WIPE)

    def show_difference(self) -> None:
        self._compare(Compare.DIFFERENCE)

    def wipe_left(self) -> None:
        self.set_wipe(self.canvas.wipe_at - _WIPE_STEP)

    def wipe_right(self) -> None:
        self.set_wipe(self.canvas.wipe_at + _WIPE_STEP)

    def set_wipe(self, share: float) -> None:
        """Where the line of the wipe is: 0 left, 1 right."""
        self.canvas.wipe_at = min(1.0, max(0.0, share))
        self.canvas.update()

    def set_safe_areas(self, on: bool) -> None:
        self.canvas.safe_areas = on
        self.canvas.update()

    def set_face_track(self, on: bool) -> None:
        self.canvas.face_track = on
        self.canvas.update()
        self._want_faces()

    def set_muted(self, on: bool) -> None:
        self.sound.muted = on
        self._show_state()

    def finding_on(self) -> None:
        """To the next finding; after the last to the first."""
        later = [tick.first for tick in self._findings if tick.first > self.transport.due()]
        self.go_to(later[0] if later else self._findings[0].first)

    def finding_back(self) -> None:
        earlier = [tick.first for tick in self._findings if tick.first < self.transport.due()]
        self.go_to(earlier[-1] if earlier else self._findings[-1].first)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._tick()

    def _made(self, command: Command) -> QAction:
        text = QCoreApplication.translate("Viewer", str(command.text))
        action = QAction(text, self)
        keys = [QKeySequence(key) for key in command.keys]
        action.setShortcuts(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setAutoRepeat(command.repeats)
        action.setCheckable(command.holds)
        action.setToolTip(f"{text} ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})")
        slot = getattr(self, command.name)
        if command.holds and command.name.startswith("set_"):
            action.toggled.connect(slot)
        else:
            action.triggered.connect(lambda checked=False: slot())
        self.addAction(action)
        return action

    def _enable(self) -> None:
        """Only what can be done now can be pressed."""
        two = len(self._reel.pictures) == 2
        for name, action in self._actions.items():
            needs_two = name.startswith(("show_", "flip", "wipe_"))
            needs_findings = name.startswith("finding_")
            can = bool(self._reel.pictures) and (two or not needs_two) and (bool(self._findings) or not needs_findings)
            action.setEnabled(can or name.startswith("set_"))
        for compare, name in _COMPARE_ACTIONS.items():
            self._actions[name].setChecked(two and compare is self.canvas.compare)

    def _count_by_sound(self) -> None:
        """Pictures follow the sound where there is some, else the clock of the machine."""
        transport = self.transport
        frame = transport.due()
        run = Run(frame, transport.speed, transport.low, transport.high, transport.loop)
        heard = transport.playing and self.sound.play(run)
        transport.use_clock(self.sound.clock if heard else self._monotonic, frame)

    def _started(self) -> None:
        if self.transport.playing:
            self._timer.start()
        else:
            self._timer.stop()
        self._show_state()
        self._tick()

    def _stand(self, frame: int, direction: int) -> None:
        self.sound.stop()
        self._timer.stop()
        self.transport.use_clock(self._monotonic, frame)
        self.transport.go_to(frame)
        self._reel.retry()
        self._show_state()
        self._tick(direction)

    def _marked(self) -> None:
        self._show_marks()
        if self.transport.playing:  # the sound is read ahead by the old marks
            self.play(self.transport.speed)

    def _show_marks(self) -> None:
        self.scrubber.set_marks(self.transport.low, self.transport.high)

    def _compare(self, compare: Compare) -> None:
        if compare is not Compare.FIRST and len(self._reel.pictures) < 2:
            return
        self.canvas.compare = compare
        self.canvas.update()
        self._enable()
        self._tick()

    def _want_faces(self) -> None:
        if not self.canvas.face_track:
            return
        for number, picture in enumerate(self._reel.pictures):
            if picture.faces is None:
                self.faces_wanted.emit(number, picture)
                if self._work is not None:
                    found = partial(self._faces_found, number, picture)
                    # what can't be read is told where the picture would be
                    self._work.run(partial(find_faces, picture), found, lambda error: None, key=f"faces {number}")

    def _faces_found(self, number: int, picture: Picture, faces: FaceBoxes) -> None:
        if picture in self._reel.pictures:
            self.set_faces(number, faces)

    def _tick(self, direction: int = 1) -> None:
        if not self._reel.pictures:
            return
        if not self.sound.pump():
            self.transport.use_clock(self._monotonic, self.transport.due())
            self._show_state()
        due = self.transport.due()
        if not self.transport.playing and self._timer.isActive():
            self._timer.stop()
            self.sound.stop()
            self._show_state()
        rooms = [self.canvas.room_in_pixels(second=number == 1) for number in range(2)]
        self._reel.ask_for(due, direction, rooms)
        self._present(due)

    def _show_damage(self) -> None:
        """Stretches that can't be decoded are marked as soon as they are met; play goes on over them."""
        damaged = self._reel.damaged()
        if damaged != self._damaged:
            self._damaged = damaged
            self.scrubber.set_damaged(damaged)
            self._show_state()

    def _present(self, due: int) -> None:
        self._show_damage()
        frame = self._reel.ready(due)
        if frame is None:
            self._show_problems()
            return
        panes = tuple(self._pane(number, frame) for number in range(len(self._reel.pictures)))
        first, second = panes if len(panes) == 2 else (panes[0], Pane())
        if frame != self._shown or first != self.canvas.first or second != self.canvas.second:
            self.canvas.first, self.canvas.second = first, second
            self.canvas.update()
        if frame != self._shown:
            if self._reel.show(frame):
                self._show_state()
            self._shown = frame
            self._show_frame(frame)
            self.frame_changed.emit(frame)

    def _show_frame(self, frame: int) -> None:
        picture = self._reel.pictures[0]
        self.scrubber.setValue(frame)
        self.bar.timecode.setText(timecode(picture.start + frame, picture.rate, drop_frame=picture.drop_frame))
        self.bar.length.setText(f"{frame + 1}/{picture.frames}")

    def _pane(self, number: int, frame: int) -> Pane:
        picture, problem = self._reel.pictures[number], self._reel.problems()[number]
        if problem is not None:
            return Pane(picture.label, None, _told(problem))
        if self._reel.unreadable(number, frame):
            at = timecode(picture.start + frame, picture.rate, drop_frame=picture.drop_frame)
            words = self.tr("The media is damaged at {0}.\nRender it anew or copy it again.")
            return Pane(picture.label, None, words.format(at))
        image = self._reel.image(number, frame)
        face = picture.faces.at(frame) if picture.faces is not None else None
        return Pane(picture.label, image, "" if image is not None else self.tr("The media has no picture here."), face)

    def _show_problems(self) -> None:
        """Where no picture can be read, nothing plays."""
        problems = self._reel.problems()
        if None in problems:
            return
        if self.transport.playing:
            self.halt()
        panes = [
            Pane(picture.label, None, _told(problem))
            for picture, problem in zip(self._reel.pictures, problems, strict=True)
            if problem is not None
        ]
        self.canvas.first, self.canvas.second = panes[0], panes[1] if len(panes) == 2 else Pane()
        self.canvas.update()

    def _show_state(self) -> None:
        self.bar.set_playing(self.transport.playing)
        speed = self.transport.speed
        told = [self.tr("{0}x").format(speed)] if speed not in (0, 1) else []
        if self._damaged and self._reel.pictures:
            start, rate = self._reel.pictures[0].start, self._reel.pictures[0].rate
            places = [FrameRange(start + gap.start, len(gap), rate).describe() for gap in self._damaged]
            told.append(self.tr("Damaged: {0}").format(", ".join(places)))
        if self._reel.dropped:
            told.append(self.tr("%n frame(s) dropped", "", self._reel.dropped))
        silent = self.sound.state not in (SoundState.NO_DIALOGUE, SoundState.PLAYS)
        if silent:
            told.append(self.tr("Silent: {0}").format(self.sound.why))
        elif self.sound.muted:
            told.append(self.tr("Muted"))
        elif self.sound.state is SoundState.NO_DIALOGUE and self._reel.pictures:
            told.append(self.tr("No dialogue"))
        self.bar.set_state(" · ".join(told), f"{self.sound.why}\n{self.sound.hint}" if silent else "")


def _told(problem: GreenroomError) -> str:
    """As sentences; a file's name at the beginning stays as it is."""
    first = problem.message.partition(" ")[0]
    message = first.capitalize() + problem.message[len(first) :] if first.isalpha() else problem.message
    return f"{message}.\n{problem.hint}"


_COMPARE_ACTIONS = {
    Compare.FIRST: "show_first",
    Compare.SECOND: "show_second",
    Compare.SIDE_BY_SIDE: "show_side_by_side",
    Compare.WIPE: "show_wipe",
    Compare.DIFFERENCE: "show_difference",
}
