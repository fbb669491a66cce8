"""posd under a profiler, from the signal USR1 until it ends; what was found is written to a file.

python -m bench.profiled FILE --config … run
"""

from __future__ import annotations

import cProfile
import signal
import sys

from posd.cli.main import main

if __name__ == "__main__":
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    try:
        main(sys.argv[2:])
    finally:
        profile.disable()
        profile.dump_stats(sys.argv[1])
