# SPDX-License-Identifier: Apache-2.0
"""`python -m greenroom` is the command line."""

import sys

from greenroom.cli import main

if __name__ == "__main__":
    sys.exit(main())
