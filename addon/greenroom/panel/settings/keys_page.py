# SPDX-License-Identifier: Apache-2.0
"""Keys by host: where each is, setting and removing one. A key goes in here and never comes out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from greenroom.desk.project import host_keys
from greenroom.errors import GreenroomError
from greenroom.panel.hints import paragraph
from greenroom.panel.settings.plain_table import plain_table
from greenroom.panel.work import Work

__all__ = ["KeysPage"]


class KeysPage(QWidget):
    """A row for each host."""

    def __init__(self, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.table = plain_table(self.tr("Keys"), [self.tr("Host"), self.tr("Key in"), self.tr("Variable")])
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.set_button = QPushButton(self.tr("Set key"))
        self.remove_button = QPushButton(self.tr("Remove key"))
        self.set_button.clicked.connect(self._set)
        self.remove_button.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.addWidget(self.set_button)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.said)

    def read(self) -> None:
        """Looks where keys are."""
        self._work.run(host_keys.listed, self._show, self._tell, key="keys")

    def _show(self, found: host_keys.KeyList) -> None:
        row = self.table.currentRow()
        self.table.setRowCount(len(found.hosts))
        for place, (settings, places) in enumerate(found.hosts):
            where = ", ".join(places) or (self.tr("none") if settings.needs_key else self.tr("none needed"))
            for column, text in enumerate((settings.name, where, " / ".join(settings.key_variables))):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.ToolTipRole, text)
                self.table.setItem(place, column, item)
        self.table.selectRow(max(0, row))

    def _host(self) -> str:
        item = self.table.item(self.table.currentRow(), 0)
        return item.text() if item is not None else ""

    def _set(self) -> None:
        host = self._host()
        title = self.tr("Key for {0}").format(host)
        secret, said = QInputDialog.getText(
            self, title, self.tr("It is kept, and never shown again"), QLineEdit.EchoMode.Password
        )
        if said and secret.strip():
            self._work.run(lambda: host_keys.keep(host, secret), self._kept, self._tell)

    def _kept(self, kept: host_keys.KeptKey) -> None:
        hidden = self.tr(" The variable {0} goes before it.").format(kept.hidden_by) if kept.hidden_by else ""
        self.said.setText(self.tr("The key for {0} is kept in {1}.").format(kept.host, kept.kept_in) + hidden)
        self.read()

    def _remove(self) -> None:
        host = self._host()
        self._work.run(lambda: host_keys.remove(host), self._removed, self._tell)

    def _removed(self, removed: host_keys.RemovedKey) -> None:
        left = self.tr(" There still is one in {0}.").format(removed.still_in) if removed.still_in else ""
        self.said.setText(self.tr("The key for {0} is removed.").format(removed.host) + left)
        self.read()

    def _tell(self, error: GreenroomError) -> None:
        self.said.setText(paragraph(error))
