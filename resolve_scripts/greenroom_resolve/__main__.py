# SPDX-License-Identifier: Apache-2.0
"""From outside: python -m greenroom_resolve COMMAND {options as JSON}. Lines for people: stderr; the result: stdout."""

import json
import sys
from typing import List

from greenroom_resolve.calling import ResolveError
from greenroom_resolve.entries import ENTRIES
from greenroom_resolve.program import handle_from_outside
from greenroom_resolve.session import Session
from greenroom_resolve.settings import Settings


def main(arguments: List[str]) -> int:
    options = json.loads(arguments[1]) if len(arguments) > 1 else {}
    session = None
    try:
        session = Session(handle_from_outside(), Settings.read(), _tell)
        result = ENTRIES[arguments[0]](session, **options)
    except ResolveError as error:
        data = getattr(error, "data", {})
        _answer({"error": {"message": error.message, "hint": error.hint, "where": error.where, "data": data}})
        return 1
    finally:
        if session is not None:
            session.close()
    _answer(result)
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
