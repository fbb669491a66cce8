"""posd on a real Debian: kernel, systemd, udev, USB devices and power cuts, in QEMU.

    make vm-test                          build the package, build or reuse the image, tell the story
    python -m tests.vm PACKAGE            the same with a package that is there

Needs root and what `scripts/setup vm` installs. A line for each check; exit code 1 if one fails. All it makes is under
``build/vm``: the image is kept for the next time, and what a machine leaves (console.log) until then.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.vm.guest import GuestError
from tests.vm.machine import Machine
from tests.vm.report import Report
from tests.vm.story import tell_all
from tests.vm.till import Till

HERE = Path(__file__).resolve().parent
KEPT = HERE.parents[1] / "build" / "vm"


def image(package: Path) -> Path:
    """The directory of the image for this package, built unless it is there; another recipe makes another image."""
    control = subprocess.run(["dpkg-deb", "--field", package, "Depends"], check=True, capture_output=True, text=True)
    # The first of each alternative, without its version.
    depends = ",".join(re.split(r"[ (|]", each.strip())[0] for each in control.stdout.split(","))
    recipe = hashlib.sha256((HERE / "build-image").read_bytes() + depends.encode()).hexdigest()[:12]
    directory = KEPT / f"image-{recipe}"
    if not directory.exists():
        print("building the image: a minute or two, once", flush=True)
        for old in KEPT.glob("image-*"):
            shutil.rmtree(old)
        subprocess.run([HERE / "build-image", directory, depends], check=True)
    return directory


def main() -> int:
    """Tell the story of one package."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description="try posd on a real Debian in QEMU")
    parser.add_argument("package", type=Path, help="a posd_….deb")
    package: Path = parser.parse_args().package.resolve()
    if os.geteuid() != 0:
        print("tests.vm: needs root, to build the image", file=sys.stderr)
        return 2
    run = KEPT / "run"
    machine = Machine(run, image(package), package)
    report = Report()
    try:
        tell_all(Till(machine), package, run, report)
    except GuestError as error:
        report.check(f"the story can be told: {error}", False)
    finally:
        machine.end()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
