"""``python -m posd`` and the command ``posd``."""

from __future__ import annotations

import gc
import sys

if __name__ == "__main__":
    # What is loaded at the start stays: to look for garbage in it takes a tenth of the start. ``main`` does so later.
    gc.disable()

from posd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
