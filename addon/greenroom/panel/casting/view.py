# SPDX-License-Identifier: Apache-2.0
"""The Cast view: the actors on the left; on the right one of them, a picture that was dropped, or a request."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from greenroom.errors import GreenroomError
from greenroom.panel.board.posters import Posters
from greenroom.panel.casting.actor_list import FACE, ActorList
from greenroom.panel.casting.adding import AddPane
from greenroom.panel.casting.cards import Card, CastCards, Changes, read_cast, save_changes
from greenroom.panel.casting.detail import PORTRAIT, VIEW, ActorDetail
from greenroom.panel.casting.request_pane import RequestPane
from greenroom.panel.casting.requests import AUDITION, SHEET, Result, engines_for
from greenroom.panel.hints import paragraph
from greenroom.panel.style import GAP
from greenroom.panel.work import Work

__all__ = ["CastView"]

_PICTURES = "*.png *.jpg *.jpeg *.tif *.tiff *.webp *.bmp"


class CastView(QWidget):
    """The cast of `project`, if there is one. `changed` tells that an actor is another than before, so that the cut's
    cues are to be read anew; `failed` brings a GreenroomError that belongs to no place in here.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, project: Path | None, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._project: Path | None = None
        self._cards: dict[str, Card] = {}
        self._chosen = ""
        self._posters = [Posters(work, *size, parent=self) for size in (FACE, PORTRAIT, VIEW)]
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Cast"))
        self._make_widgets()
        self._lay_out()
        self.open(project)

    def open(self, project: Path | None) -> None:
        """Shows another project's cast; None: there is no project."""
        self._project = project
        self._cards, self._chosen = {}, ""
        self.detail.forget_drafts()
        self.actors.show_cards(())
        self.add.setEnabled(project is not None)
        self._show_empty()
        if project is not None:
            self.empty.setText(self.tr("Reading the cast ..."))
        self.read_again()

    def read_again(self) -> None:
        """Reads the cast from disk; who is looked at stays."""
        for posters in self._posters:
            posters.forget()
            posters.use_ratio(self.devicePixelRatioF())
        if self._project is not None:
            self._work.run(partial(read_cast, self._project), self._show_cast, self._tell, key="cast")

    def add_picture(self, path: Path, recast: Card | None = None) -> None:
        """Looks a picture over, for a new actor or as another portrait of one."""
        if self._project is not None:
            self.adding.begin(self._project, path, recast)
            self.pages.setCurrentWidget(self.adding)

    def step_back(self) -> bool:
        """Leaves a picture or a request, as its own button does; False where there is none to leave."""
        page = self.pages.currentWidget()
        if page not in (self.adding, self.request):
            return False
        self._back()
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._project is not None and _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path is None:
            return
        event.acceptProposedAction()
        at = self.actors.viewport().mapFrom(self, event.position().toPoint())
        on_list = self.actors.viewport().rect().contains(at)
        self.add_picture(path, self.actors.card_at(at.y()) if on_list else None)

    def _make_widgets(self) -> None:
        self.actors = ActorList(self._posters[0])
        self.actors.picked.connect(self._pick)
        self.add = QPushButton(self.tr("Add a picture ..."))
        self.add.setToolTip(self.tr("Or drop a picture here: on an actor it becomes the new portrait (Ctrl+N)"))
        self.add.clicked.connect(lambda: self._choose_picture(None))
        key = QAction(self.add.text(), self)
        key.setShortcut(QKeySequence("Ctrl+N"))
        key.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.triggered.connect(self.add.click)
        self.addAction(key)
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("dim", True)
        self.detail = ActorDetail(self._posters[1], self._posters[2])
        self.detail.saved.connect(self._save)
        self.detail.sheet.connect(lambda: self._ask(SHEET))
        self.detail.audition.connect(lambda: self._ask(AUDITION))
        self.detail.recast.connect(lambda: self._choose_picture(self._cards.get(self._chosen)))
        self.adding = AddPane(self._work)
        self.adding.added.connect(self._added)
        self.adding.left.connect(self._back)
        self.request = RequestPane(self._work)
        self.request.left.connect(self._back)
        self.request.made.connect(self._made)

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        for page in (self.empty, self.detail, self.adding, self.request):
            self.pages.addWidget(page)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, GAP)
        column.addWidget(self.actors, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(GAP, 0, GAP, 0)
        buttons.addWidget(self.add)
        column.addLayout(buttons)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.pages)
        split.setStretchFactor(1, 1)
        split.setSizes([280, 800])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    def _show_cast(self, found: CastCards) -> None:
        if found.project != self._project:
            return
        self._cards = {card.name: card for card in found.cards}
        self._chosen = self.actors.show_cards(found.cards, self._chosen)
        if self.pages.currentWidget() in (self.empty, self.detail):
            self._show_chosen()

    def _show_empty(self) -> None:
        self.empty.setText(
            self.tr("There is no project here, so there is no cast.")
            if self._project is None
            else self.tr("Nobody is in the cast yet. Drop a picture of a face here, or choose one with Ctrl+N.")
        )
        self.pages.setCurrentWidget(self.empty)

    def _pick(self, name: str) -> None:
        self._chosen = name
        self._show_chosen()

    def _show_chosen(self) -> None:
        card = self._cards.get(self._chosen)
        if card is None:
            self._show_empty()
            return
        self.detail.show_card(card)
        self.pages.setCurrentWidget(self.detail)

    def _choose_picture(self, recast: Card | None) -> None:
        words = self.tr("A picture of the actor's face")
        path, _ = QFileDialog.getOpenFileName(self, words, "", f"{self.tr('Pictures')} ({_PICTURES})")
        if path:
            self.add_picture(Path(path), recast)

    def _ask(self, kind: str) -> None:
        card, project = self._cards.get(self._chosen), self._project
        if card is None or project is None:
            return
        if self.request.busy:
            self.pages.setCurrentWidget(self.request)
            return

        def show(engines: dict[str, tuple[str, ...]]) -> None:
            self.pages.setCurrentWidget(self.request)
            self.request.ask_for(project, card, kind, engines[kind])

        self._work.run(partial(engines_for, project), show, self._tell, key="cast engines")

    def _save(self, changes: Changes) -> None:
        if self._project is not None:
            writing = partial(save_changes, self._project, self._chosen, changes)
            self._work.run(writing, lambda actor: self._saved(), self._tell)

    def _saved(self) -> None:
        self.detail.forget_drafts()
        self._is_other()

    def _added(self, name: str) -> None:
        self._chosen = name
        self._back()
        self._is_other()

    def _made(self, result: Result) -> None:
        if result.request.kind == SHEET:
            self._is_other()

    def _is_other(self) -> None:
        self.read_again()
        self.changed.emit()

    def _back(self) -> None:
        self._show_chosen()
        self.actors.setFocus()

    def _tell(self, error: GreenroomError) -> None:
        self.failed.emit(error)
        if not self._cards:
            self.empty.setText(paragraph(error))
            self.pages.setCurrentWidget(self.empty)


def _dropped(event: QDragEnterEvent | QDropEvent) -> Path | None:
    """The first local file of what is dragged."""
    files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return Path(files[0]) if files else None
