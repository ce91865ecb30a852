# SPDX-License-Identifier: Apache-2.0
"""A project: the folder beside the cut with greenroom.toml, cast/ and takes/. The ledger lies elsewhere, on a local
disk of this user, keyed by the project's id.
"""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from greenroom.desk.farm.settings import FarmSettings
from greenroom.desk.project.disks import network_file_system, refuse_share
from greenroom.desk.project.project_file import SCHEMA, Settings, project_text, read_settings
from greenroom.errors import Problem, ProjectError, Severity, StoreError
from greenroom.media.types import Codec, Fit
from greenroom.rights.gate import GateRule

__all__ = ["SCHEMA", "Budget", "Output", "Project", "data_folder"]

FILE_NAME = "greenroom.toml"


@dataclass(frozen=True)
class Output:
    """How takes are written. A width and height of None: the cut's own."""

    codec: Codec = Codec.PRORES
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.FIT


@dataclass(frozen=True)
class Budget:
    """What the whole project may cost, and above which sum a run is asked for. None: no limit, and nothing is asked."""

    limit: Decimal | None = None
    currency: str = "USD"
    ask_above: Decimal | None = None
    allow_unknown_cost: bool = False


@dataclass(frozen=True)
class Project:
    """A project as read. `rate` is for cuts that don't carry one (EDLs); `engines` is mode -> engine name and
    `engine_settings` engine name -> its own table; `hosts` and `models` are these tables as written, for the engines
    to read; `preflight` is rule -> "off", "note", "warning" or "error"; `review_after` says which takes are reviewed as
    soon as they are made ("hosted", "all", "none"); `turnover` is how files that are handed on are called; `rights` is
    that table as written; `problems` are warnings about greenroom.toml.
    """

    folder: Path
    id: str
    handles: int = 8
    rate: Fraction | None = None
    output: Output = Output()
    engines: Mapping[str, str] = field(default_factory=dict)
    engine_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hosts: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = Budget()
    preflight: Mapping[str, str] = field(default_factory=dict)
    turnover: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Any] = field(default_factory=dict)
    farm: FarmSettings = field(default_factory=FarmSettings)
    review_after: str = "hosted"
    review_thresholds: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @classmethod
    def init(cls, folder: Path, *, rate: Fraction | str | None = None, handles: int = 8) -> Project:
        """Makes a project in `folder` (created if need be).

        Raises:
            ProjectError: there is one already, or the folder can't be written.
        """
        file = folder / FILE_NAME
        if file.exists():
            raise ProjectError("there is a project already", hint="Edit greenroom.toml to change it.", where=str(file))
        if folder.is_file():
            raise ProjectError("this is a file, not a folder", hint="Name the folder of the cut.", where=str(folder))
        text = project_text(str(uuid.uuid4()), handles=handles, rate=str(rate) if rate is not None else "")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cast").mkdir(exist_ok=True)
            _write(file, text)
        except OSError as error:
            raise ProjectError(
                f"the project can't be written ({error.strerror or error})",
                hint="Choose a folder that you may write to.",
                where=str(folder),
            ) from error
        return cls.load(folder)

    @classmethod
    def find(cls, start: Path) -> Project:
        """The project that `start` (a cut, or a folder) belongs to: in its folder or the nearest above.

        Raises:
            ProjectError: there is none, or its greenroom.toml can't be used.
        """
        folder = cls.folder_above(start)
        if folder is not None:
            return cls.load(folder)
        raise ProjectError(
            "there is no Greenroom project here or above",
            hint="Make one beside the cut: greenroom init FOLDER",
            where=str(start),
        )

    @staticmethod
    def folder_above(start: Path) -> Path | None:
        """The folder of the project that `start` belongs to, unread; None where there is none."""
        place = start.absolute()
        return next((folder for folder in (place, *place.parents) if (folder / FILE_NAME).is_file()), None)

    @classmethod
    def load(cls, folder: Path) -> Project:
        """The project in `folder`.

        Raises:
            ProjectError: no greenroom.toml, not TOML, wrong values (all of them are named), or a newer schema.
        """
        file = folder.absolute() / FILE_NAME
        settings = read_settings(_parse(file), str(file))
        return _project(file.parent, settings)

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    @property
    def engine_tables(self) -> dict[str, Any]:
        """What hosted engines read of a project (`engines.find_engines`)."""
        return {"hosts": self.hosts, "models": self.models, "folder": self.folder}

    @property
    def gate(self) -> GateRule:
        """Whose consent is asked for."""
        return GateRule(str(self.rights.get("consent", "strict")), str(self.rights.get("here", "off")))

    @property
    def cast_folder(self) -> Path:
        return self.folder / "cast"

    @property
    def takes_folder(self) -> Path:
        return self.folder / "takes"

    @property
    def data_folder(self) -> Path:
        """This project's folder on a local disk of this user: the ledger and running jobs. The environment
        variable GREENROOM_DATA moves the root.
        """
        return data_folder() / self.id

    @property
    def ledger_path(self) -> Path:
        return self.data_folder / "ledger.sqlite"

    @property
    def work_folder(self) -> Path:
        return self.data_folder / "work"

    def disk_problems(self) -> tuple[Problem, ...]:
        """A warning where the ledger would lie on a share, and be refused."""
        try:
            self.check_disk()
        except StoreError as error:
            return (error.problem("ledger-on-share", Severity.WARNING),)
        return ()

    def check_disk(self) -> None:
        """Refuses a ledger that would lie on a share, where another machine could damage it.

        Raises:
            StoreError: it would.
        """
        refuse_share(self.data_folder, network_file_system(self.data_folder))


def data_folder() -> Path:
    """Where the ledgers of this user's projects lie: GREENROOM_DATA, or the system's place for such data."""
    chosen = os.environ.get("GREENROOM_DATA")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_dir

    return Path(user_data_dir("greenroom", appauthor=False))


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ProjectError("there is no greenroom.toml", hint="greenroom init FOLDER", where=str(file.parent)) from None
    except OSError as error:
        hint = "Check the permissions of the file and its folder."
        raise ProjectError(f"can't be read ({error.strerror or error})", hint=hint, where=str(file)) from error
    except UnicodeDecodeError as error:
        raise ProjectError("is not text in UTF-8", hint="Save it as UTF-8.", where=str(file)) from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"is not TOML: {error}", hint="Mend the line that is named.", where=str(file)) from error


def _project(folder: Path, settings: Settings) -> Project:
    return Project(
        folder=folder,
        id=settings.id,
        handles=settings.handles,
        rate=settings.rate,
        output=Output(settings.codec, settings.width, settings.height, settings.fit),
        engines=settings.engines,
        engine_settings=settings.engine_settings,
        hosts=settings.hosts,
        models=settings.models,
        budget=Budget(settings.budget_limit, settings.budget_currency, settings.ask_above, settings.allow_unknown_cost),
        preflight=settings.preflight,
        turnover=settings.turnover,
        rights=settings.rights,
        farm=settings.farm,
        review_after=settings.review_after,
        review_thresholds=settings.review_thresholds,
        problems=settings.problems,
    )


def _write(file: Path, text: str) -> None:
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
