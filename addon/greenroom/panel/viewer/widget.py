# SPDX-License-Identifier: Apache-2.0
"""The viewer's widget: puts transport, decoders, sound and canvas together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from greenroom.frames import timecode
from greenroom.panel.viewer.canvas import Canvas, Compare, Pane
from greenroom.panel.viewer.decoder import Decoder
from greenroom.panel.viewer.picture import Dialogue, FindingTick, Picture
from greenroom.panel.viewer.plan import Wish
from greenroom.panel.viewer.scrubber import Scrubber
from greenroom.panel.viewer.transport import Transport

__all__ = ["Viewer"]


class Viewer(QWidget):
    """Plays one picture or compares two; give it media by `load`. Frames are the viewer's own, from 0.

    `frame_changed` tells the frame on screen.
    """

    frame_changed = Signal(int)
    _news = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Viewer"))
        self.transport = Transport(time.monotonic_ns)
        self.canvas = Canvas(self)
        self.scrubber = Scrubber(self)
        self.scrubber.setAccessibleName(self.tr("Frame"))
        self.readout = QLabel("--:--:--:--", self)
        self.readout.setAccessibleName(self.tr("Timecode"))
        self.dropped = 0
        self._pictures: tuple[Picture, ...] = ()
        self._decoders: tuple[Decoder, ...] = ()
        self._findings: tuple[FindingTick, ...] = ()
        self._shown = -1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.canvas.resized.connect(self._tick)
        self.canvas.wiped.connect(self._wipe)
        self.scrubber.picked.connect(self.go_to)
        self._news.connect(self._tick, Qt.ConnectionType.QueuedConnection)
        self._make_actions()
        self._lay_out()

    @property
    def frame(self) -> int:
        """The frame on screen, -1 where none is yet."""
        return self._shown

    @property
    def findings(self) -> Sequence[FindingTick]:
        return self._findings

    @findings.setter
    def findings(self, ticks: Sequence[FindingTick]) -> None:
        self._findings = tuple(ticks)
        self.scrubber.set_ticks(self._findings)

    def load(self, first: Picture, second: Picture | None = None, dialogue: Dialogue | None = None) -> None:
        """Shows `first`, beside `second` where there is one, at the first frame."""
        self.close_media()
        self._pictures = (first,) if second is None else (first, second)
        self._decoders = tuple(Decoder(picture, self._news.emit) for picture in self._pictures)
        self.transport.load(first.frames, first.rate)
        self.scrubber.setRange(0, max(0, first.frames - 1))
        self._timer.setInterval(max(4, int(1000 / first.rate / 3)))
        if second is None:
            self._compare(Compare.FIRST)
        self._show_marks()
        self._tick()

    def close_media(self) -> None:
        """Shows nothing, and lets go of the files."""
        self._timer.stop()
        for decoder in self._decoders:
            decoder.close()
        self._pictures, self._decoders = (), ()
        self.transport.load(0, self.transport.rate)
        self.findings = ()
        self.dropped = 0
        self._shown = -1
        self.canvas.first = self.canvas.second = Pane()
        self.readout.setText("--:--:--:--")
        self.canvas.update()

    def go_to(self, frame: int) -> None:
        """Stands on `frame`."""
        self._stand(frame, 1)

    def step(self, frames: int) -> None:
        """So many frames on, or back."""
        self._stand(self.transport.due() + frames, frames)

    def play(self, speed: int) -> None:
        """At 1, 2 or 4 times the speed, backwards if negative; 0 stops."""
        if speed:
            self.transport.play(speed)
        else:
            self.transport.stop()
        self._started()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._tick()

    def _make_actions(self) -> None:
        def add(text: str, keys: Sequence[str], slot: object, *, repeats: bool = False) -> QAction:
            action = QAction(text, self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setAutoRepeat(repeats)
            action.triggered.connect(slot)
            self.addAction(action)
            return action

        add(self.tr("Play backwards, faster"), ["J"], lambda: self._shuttle(-1))
        add(self.tr("Stop"), ["K"], lambda: self.play(0))
        add(self.tr("Play, faster"), ["L"], lambda: self._shuttle(1))
        self.play_action = add(self.tr("Play or stop"), ["Space"], self._toggle)
        add(self.tr("One frame back"), [",", "Left"], lambda: self.step(-1), repeats=True)
        add(self.tr("One frame on"), [".", "Right"], lambda: self.step(1), repeats=True)
        add(self.tr("To the first frame"), ["Home"], lambda: self.go_to(0))
        add(self.tr("To the last frame"), ["End"], lambda: self.go_to(self.transport.frames - 1))
        add(self.tr("Mark in"), ["I"], self._mark_in)
        add(self.tr("Mark out"), ["O"], self._mark_out)
        add(self.tr("Clear marks"), ["X"], self._clear_marks)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 0, 6, 4)
        button = QToolButton(self)
        button.setDefaultAction(self.play_action)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        bar.addWidget(self.readout)
        bar.addStretch(1)
        bar.addWidget(button)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.scrubber)
        layout.addLayout(bar)

    def _shuttle(self, direction: int) -> None:
        self.transport.shuttle(direction)
        self._started()

    def _toggle(self) -> None:
        self.play(0 if self.transport.playing else 1)

    def _started(self) -> None:
        if self.transport.playing:
            self._timer.start()
        else:
            self._timer.stop()
        self._tick()

    def _stand(self, frame: int, direction: int) -> None:
        self._timer.stop()
        self.transport.go_to(frame)
        for decoder in self._decoders:
            decoder.retry()
        self._tick(direction)

    def _mark_in(self) -> None:
        self.transport.mark_in(self.transport.due())
        self._show_marks()

    def _mark_out(self) -> None:
        self.transport.mark_out(self.transport.due())
        self._show_marks()

    def _clear_marks(self) -> None:
        self.transport.clear_marks()
        self._show_marks()

    def _show_marks(self) -> None:
        self.scrubber.set_marks(self.transport.low, self.transport.high)

    def _compare(self, compare: Compare) -> None:
        self.canvas.compare = compare
        self.canvas.update()
        self._tick()

    def _wipe(self, share: float) -> None:
        self.canvas.wipe_at = share
        self.canvas.update()

    def _tick(self, direction: int = 1) -> None:
        if not self._decoders:
            return
        due = self.transport.due()
        if not self.transport.playing and self._timer.isActive():
            self._timer.stop()
        self._ask_for(due, direction)
        self._present(due)

    def _ask_for(self, due: int, direction: int) -> None:
        transport = self.transport
        for number, decoder in enumerate(self._decoders):
            decoder.want(
                Wish(
                    frame=due,
                    step=transport.speed or direction,
                    low=transport.low if transport.playing else 0,
                    high=transport.high if transport.playing else transport.frames,
                    loop=transport.loop,
                    playing=transport.playing,
                    size=self.canvas.room_in_pixels(second=number == 1),
                )
            )

    def _present(self, due: int) -> None:
        frame = self._ready(due)
        if frame is None:
            self._show_problems()
            return
        panes = tuple(self._pane(number, frame) for number in range(len(self._decoders)))
        shown = (self.canvas.first, self.canvas.second)
        if frame == self._shown and all(new.image is old.image for new, old in zip(panes, shown, strict=False)):
            return
        self.canvas.first, self.canvas.second = panes if len(panes) == 2 else (panes[0], Pane())
        self.canvas.update()
        if frame != self._shown:
            self._count_dropped(frame)
            self._shown = frame
            self.scrubber.setValue(frame)
            picture = self._pictures[0]
            self.readout.setText(timecode(picture.start + frame, picture.rate, drop_frame=picture.drop_frame))
            self.frame_changed.emit(frame)

    def _ready(self, due: int) -> int | None:
        """The frame to show: the one due, or in play the last before it that is there and wasn't shown yet."""
        if all(decoder.has(due) for decoder in self._decoders):
            return due
        speed = self.transport.speed
        if not speed or self._shown < 0:
            return None
        late = range(due - speed, self._shown, -speed)
        return next((frame for frame in late if all(decoder.has(frame) for decoder in self._decoders)), None)

    def _pane(self, number: int, frame: int) -> Pane:
        picture, image = self._pictures[number], self._decoders[number].image(frame)
        face = picture.faces.at(frame) if picture.faces is not None else None
        return Pane(picture.label, image, "" if image is not None else self.tr("No picture here"), face)

    def _count_dropped(self, frame: int) -> None:
        speed = self.transport.speed
        if speed and self._shown >= 0 and (frame - self._shown) * speed > 0:
            self.dropped += (frame - self._shown) // speed - 1

    def _show_problems(self) -> None:
        problems = [decoder.problem for decoder in self._decoders]
        if not any(problems):
            return
        panes = [
            Pane(picture.label, None, str(problem) if problem is not None else "")
            for picture, problem in zip(self._pictures, problems, strict=True)
        ]
        self.canvas.first, self.canvas.second = panes[0], panes[1] if len(panes) == 2 else Pane()
        self.canvas.update()
