"""``python -m posd`` and the command ``posd``."""

from __future__ import annotations

import sys

from posd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
