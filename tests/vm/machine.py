"""A machine in QEMU: power, disk, plugs. Everything of it lies in one directory and ends with it.

The disk is the honest part of the power cut. It is served by nbdkit with a cache that is written back only when the
guest asks for it: what was not flushed is lost when nbdkit is killed, as in a drive that loses its power. Killing QEMU
alone would lose nothing that the guest's kernel has handed over, and so forgive a missing fsync.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.vm.guest import Guest, GuestError

MEMORY_MIB = 1024
CPUS = 2
START_TIMEOUT_S = 30.0
"""For programs on this side: they make their sockets within a second."""
UNPLUG_TIMEOUT_S = 20.0
"""The guest has to let go of a device before QEMU takes it away."""
KEY_GAP_S = 0.015
"""Between two reports of a keyboard: QEMU holds sixteen, and a guest of this speed takes its time."""

KERNEL_LINE = (
    "root=/dev/vda ro console=ttyS0 loglevel=4 systemd.show_status=0 panic=-1 net.ifnames=0 "
    # The clocks and mitigations of a real processor only cost time in an emulated one.
    "tsc=reliable no_timer_check mitigations=off random.trust_cpu=on"
)


class Machine:
    """A till without a till: call `power_on`, plug things in, cut its power, and `end` it.

    ``image`` has disk, kernel and initrd as `build-image` makes them; ``stick`` is a file that is there as /dev/vdb.
    """

    def __init__(self, directory: Path, image: Path, stick: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self._directory = directory
        self._image = image
        self._stick = stick
        self._plugged: dict[str, dict[str, Any]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.guest = Guest(directory / "agent.sock")
        copy = ["cp", "--sparse=always", "--reflink=auto", str(image / "disk"), str(directory / "disk")]
        subprocess.run(copy, check=True)

    def power_on(self) -> str:
        """Start it and wait for the end of its boot; the state that systemd gives it."""
        for left in self._directory.glob("*.sock"):
            left.unlink()
        self._start("nbdkit", disk_server(self._directory / "disk", self._directory / "disk.sock"), "disk.sock")
        self._start("qemu", self._command_line(), "agent.sock")
        return self.guest.wait_until_up()

    def cut_power(self) -> None:
        """Now: the processor and the disk stop where they are, and what the disk had not been told to keep is gone."""
        self.guest.close()
        # The disk first: it must not be asked for anything more by a machine that is dying.
        for name in ("nbdkit", "qemu"):
            self._processes[name].kill()
        for name in ("nbdkit", "qemu"):
            self._processes.pop(name).wait()

    def end(self) -> None:
        """Stop whatever runs; for a machine that nobody needs any more."""
        self.guest.close()
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._processes.clear()

    def plug_serial(self, name: str, serial_number: str) -> None:
        """A USB converter (FTDI) with a scanner behind it, whose bytes come from `scan_serial`."""
        self._plug(name, {"driver": "usb-serial", "serial": serial_number, "always-plugged": True})

    def plug_keyboard(self, name: str, serial_number: str) -> None:
        """A USB keyboard, which types what `scan_keyboard` is told."""
        self._plug(name, {"driver": "usb-kbd", "serial": serial_number})

    def unplug(self, name: str) -> None:
        """Pull it out; it is gone in the guest when this returns."""
        driver = self._plugged.pop(name)["driver"]
        self._qmp("device_del", id=name)
        self._until(lambda: name not in [each["name"] for each in self._qmp("qom-list", path="/machine/peripheral")])
        if driver == "usb-serial":
            # It is busy for a moment after the device is gone.
            self._until(lambda: self._removes_line(name))
            (self._directory / f"{name}.sock").unlink(missing_ok=True)

    def scan_serial(self, name: str, code: str) -> None:
        """The scanner reads a code, and sends it with CR behind it."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._directory / f"{name}.sock"))
            line.sendall(code.encode("ascii") + b"\r")
            # What the guest says to the scanner is taken too: QEMU would stand still until somebody does.
            line.shutdown(socket.SHUT_WR)
            line.settimeout(2.0)
            try:
                while line.recv(4096):
                    pass
            except TimeoutError:
                pass

    def scan_keyboard(self, digits: str) -> None:
        """The scanner types a code and Enter, a key at a time."""
        with self._control() as ask:
            for key in [*digits, "ret"]:
                for down in (True, False):
                    event = {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                    ask("input-send-event", {"events": [event]})
                    time.sleep(KEY_GAP_S)

    def _plug(self, name: str, device: dict[str, Any]) -> None:
        device = {**device, "id": name, "bus": "usb.0"}
        if device["driver"] == "usb-serial":
            device["chardev"] = f"line-{name}"
        if "qemu" in self._processes:
            if "chardev" in device:
                address = {"type": "unix", "data": {"path": str(self._directory / f"{name}.sock")}}
                line = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
                self._qmp("chardev-add", id=device["chardev"], backend=line)
            self._qmp("device_add", **device)
        self._plugged[name] = device

    def _removes_line(self, name: str) -> bool:
        try:
            self._qmp("chardev-remove", id=f"line-{name}")
        except GuestError:
            return False
        return True

    def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + UNPLUG_TIMEOUT_S
        while not holds():
            if time.monotonic() > deadline:
                raise GuestError(f"a device cannot be unplugged after {UNPLUG_TIMEOUT_S:.0f} s")
            time.sleep(0.05)

    def _start(self, name: str, command: list[str], makes: str) -> None:
        # They end with us, however we end; and Ctrl-C is for us alone.
        command = ["setpriv", "--pdeathsig", "KILL", *command]
        with (self._directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0)
        self._processes[name] = process
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (self._directory / makes).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise GuestError(f"{name} does not start: {(self._directory / f'{name}.log').read_text()[-500:]}")
            time.sleep(0.02)

    def _command_line(self) -> list[str]:
        path = self._directory
        machine = ["-M", "q35,i8042=off,vmport=off,smbus=off,sata=off,hpet=off", "-cpu", "Nehalem"]
        machine += ["-accel", "tcg,thread=multi,tb-size=512", "-m", str(MEMORY_MIB), "-smp", str(CPUS)]
        machine += ["-nodefaults", "-no-user-config", "-display", "none", "-vga", "none"]
        boot = ["-kernel", str(self._image / "kernel"), "-initrd", str(self._image / "initrd"), "-append", KERNEL_LINE]
        console = ["-chardev", f"file,id=console,path={path}/console.log,append=on", "-serial", "chardev:console"]
        control = ["-qmp", f"unix:{path}/qmp.sock,server=on,wait=off", "-device", "virtio-serial-pci"]
        control += ["-device", "virtio-rng-pci", "-device", "qemu-xhci,id=usb,p2=8,p3=8"]
        control += ["-chardev", f"socket,id=agent,path={path}/agent.sock,server=on,wait=off"]
        control += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        disks = ["-blockdev", f"driver=nbd,node-name=disk,server.type=unix,server.path={path}/disk.sock"]
        disks += ["-device", "virtio-blk-pci,drive=disk,write-cache=on"]
        disks += ["-blockdev", f"driver=raw,node-name=stick,read-only=on,file.driver=file,file.filename={self._stick}"]
        disks += ["-device", "virtio-blk-pci,drive=stick"]
        # Out of the machine there is this host (10.0.2.2), and nothing else: it has no way to anywhere.
        network = ["-netdev", "user,id=net,ipv6=off", "-device", "virtio-net-pci,netdev=net,romfile="]
        plugs: list[str] = []
        for name, device in self._plugged.items():
            if "chardev" in device:
                plugs += ["-chardev", f"socket,id={device['chardev']},path={path}/{name}.sock,server=on,wait=off"]
            plugs += ["-device", json.dumps(device)]
        return ["qemu-system-x86_64", *machine, *boot, *console, *control, *disks, *network, *plugs]

    def _qmp(self, command: str, **arguments: Any) -> Any:
        """One command to QEMU, on a connection of its own."""
        with self._control() as ask:
            return ask(command, arguments)

    @contextlib.contextmanager
    def _control(self) -> Iterator[Callable[[str, dict[str, Any]], Any]]:
        """A connection to QEMU (QEMU QMP Reference): call what is given with a command and its arguments."""
        with socket.socket(socket.AF_UNIX) as control, control.makefile("rw", encoding="utf-8") as lines:
            control.settimeout(START_TIMEOUT_S)
            control.connect(str(self._directory / "qmp.sock"))
            lines.readline()

            def ask(command: str, arguments: dict[str, Any]) -> Any:
                lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
                lines.flush()
                answer: dict[str, Any] = {"event": None}
                while "event" in answer:
                    answer = json.loads(lines.readline())
                if "error" in answer:
                    raise GuestError(f"{command}: {answer['error']['desc']}")
                return answer["return"]

            ask("qmp_capabilities", {})
            yield ask


def disk_server(disk: Path, path: Path) -> list[str]:
    """The command that serves a disk whose cache forgets what was not flushed."""
    cache = ["--filter=cache", "file", str(disk), "cache=writeback", "cache-min-block-size=4096"]
    return ["nbdkit", "--foreground", "--unix", str(path), *cache]


def the_disk_forgets(directory: Path) -> bool:
    """Whether the power cut bites: what was flushed stays, what was only written is gone."""
    disk, path = directory / "forgetful", directory / "forgetful.sock"
    disk.write_bytes(bytes(1 << 20))
    path.unlink(missing_ok=True)
    server = subprocess.Popen(disk_server(disk, path))
    while not path.exists() and server.poll() is None:
        time.sleep(0.02)
    tool = ["stdbuf", "--output=L", "qemu-io", "-t", "writeback", "-f", "raw", f"nbd+unix:///?socket={path}"]
    # It would flush at its end, so it sleeps until the disk is dead.
    steps = ["write -P 0x4b 0 4096", "flush", "write -P 0x4c 4096 4096", "sleep 60000"]
    for step in steps:
        tool += ["-c", step]
    with subprocess.Popen(tool, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        written = 0
        while written < 2 and (line := client.stdout.readline()):
            written += line.count("wrote 4096/4096")
        server.kill()
        server.wait()
        client.kill()
    return disk.read_bytes()[:8192] == b"\x4b" * 4096 + bytes(4096)
