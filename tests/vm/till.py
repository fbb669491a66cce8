"""posd inside the machine, as those around it see it: the POS by its socket, the technician by systemd."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from tests.vm.guest import GuestError
from tests.vm.machine import Machine

FINAL = frozenset({"paid", "failed", "cancelled"})
RELAY_PORT = 8791
"""Where posd finds the gateway: http is for the loopback only, so systemd carries it on to this host."""
HOST = "10.0.2.2"
"""This host, as QEMU's network shows it to the guest."""

SERIAL_NUMBER = "SCAN01"
SERIAL_SCANNER = f"/dev/posd/scanner-QEMU_QEMU_USB_SERIAL_{SERIAL_NUMBER}"
KEYBOARD_SCANNER = "/dev/posd/gun-front"
PRINTER = "/dev/posd/printer-0"
DEVICES = {"front": SERIAL_SCANNER, "gun": KEYBOARD_SCANNER, "printer": PRINTER}

# QEMU's keyboard is of no maker of scanners; so does a technician tell of another one (docs/devices.md).
UDEV_RULE = (
    'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{idVendor}=="0627", ATTRS{idProduct}=="0001", '
    'GROUP="input", MODE="0660", SYMLINK+="posd/gun-front"\n'
)
RELAY_SOCKET = f"[Socket]\nListenStream=127.0.0.1:{RELAY_PORT}\n[Install]\nWantedBy=sockets.target\n"
RELAY_SERVICE = "[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd {host}:{port}\n"

CONFIGURATION = f"""
[[scanners]]
name = "front"
type = "serial"
port = "{SERIAL_SCANNER}"

[[scanners]]
name = "gun"
type = "hid"
device = "{KEYBOARD_SCANNER}"

[printer]
type = "device"
device = "{PRINTER}"
"""


class Till:
    """posd on one machine. Payments are dicts, as the API has them."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.guest = machine.guest
        self._keys = 0

    def install(self, package: Path) -> str:
        """Install the package from the stick, without any network; what apt said."""
        length = package.stat().st_size
        self.guest.run(f"head -c {length} /dev/vdb >/root/{package.name}")
        command = f"cd /root && DEBIAN_FRONTEND=noninteractive apt-get install --yes ./{package.name} 2>&1"
        return self.guest.run(command, timeout_s=600).out

    def connect(self, port: int) -> None:
        """Devices of its own, and the gateway on this host's port instead of the one inside."""
        here = Path(__file__).parent
        self.guest.write("/usr/local/sbin/usb-printer", (here / "usb-printer").read_text("utf-8"))
        self.guest.write("/etc/udev/rules.d/66-till.rules", UDEV_RULE)
        self.guest.write("/etc/systemd/system/gateway.socket", RELAY_SOCKET)
        self.guest.write("/etc/systemd/system/gateway.service", RELAY_SERVICE.format(host=HOST, port=port))
        toml = "/etc/posd/posd.toml"
        text = self.guest.read(toml).decode("utf-8")
        text = text.replace("127.0.0.1:8790", f"127.0.0.1:{RELAY_PORT}").split("[printer]")[0] + CONFIGURATION
        self.guest.write(toml, text)
        self.guest.run("chmod 755 /usr/local/sbin/usb-printer && udevadm control --reload")
        self.guest.run("systemctl daemon-reload && systemctl enable --quiet --now gateway.socket")
        self.guest.run("systemctl stop posd-simulator && systemctl restart posd")

    def plug_everything(self) -> None:
        """Both scanners and the printer."""
        self.machine.plug_serial("front", SERIAL_NUMBER)
        self.machine.plug_keyboard("gun", "GUN01")
        self.guest.run("usb-printer plug")

    # --- what the POS does

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request at the socket, as the POS makes it; the answer's JSON, or an error for 4xx and 5xx."""
        self._keys += 1
        words = ["curl", "--silent", "--show-error", "--fail-with-body", "--unix-socket", "/run/posd/posd.sock"]
        words += ["--request", method, f"http://localhost{path}"]
        if body is not None:
            words += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
            words += ["--header", f"Idempotency-Key: vm-{self._keys}"]
        ended = self.guest.run(shlex.join(words), check=False)
        if ended.code != 0:
            raise GuestError(f"{method} {path}: {ended.err.strip()} {ended.out.strip()}")
        return json.loads(ended.out)

    def pay(self, code: str | None, **more: Any) -> dict[str, Any]:
        """Begin a payment of 12.50: by this code, or by the next that is scanned."""
        how = {"method": "barcode"} if code is None else {"authCode": code}
        payment: dict[str, Any] = self.api("POST", "/v1/payments", {"amount": 1250, **how, **more})
        return payment

    def payment(self, order_no: str, wait_s: int = 0) -> dict[str, Any]:
        """One payment; ``wait_s`` (at most 60) waits for its end."""
        payment: dict[str, Any] = self.api("GET", f"/v1/payments/{order_no}?wait={wait_s}")
        return payment

    def resolved(self, order_no: str) -> dict[str, Any]:
        """A payment at its end, which may take until a void is proven."""
        for _ in range(4):
            payment = self.payment(order_no, wait_s=60)
            if payment["status"] in FINAL:
                return payment
        raise GuestError(f"{order_no} is still {payment['status']}")

    def printed(self, order_no: str) -> dict[str, Any]:
        """A payment whose receipt has come out."""
        self.guest.wait_for(f"receipt of {order_no}", lambda: self.payment(order_no)["receipt"]["state"] == "printed")
        return self.payment(order_no)

    def states(self) -> dict[str, str]:
        """Each device with its state."""
        return {each["name"]: each["state"] for each in self.api("GET", "/v1/devices")["items"]}

    def wait_for_device(self, name: str, state: str) -> float:
        """Wait until a device is ready, or lost; how many seconds it took."""
        return self.guest.wait_for(f"{name} {state}", lambda: self.states().get(name) == state)

    def wait_until_serving(self) -> None:
        """The daemon answers at its socket."""
        curl = "curl --silent --fail --unix-socket /run/posd/posd.sock http://localhost/healthz"
        self.guest.wait_for("posd answers", lambda: self.guest.run(curl, check=False).code == 0)

    def paper(self) -> bytes:
        """Everything the printer was told since the boot."""
        return self.guest.read("/run/paper")

    # --- what the technician sees

    def unit(self, name: str) -> str:
        """A property of the unit (`systemctl show`)."""
        return self.guest.says(f"systemctl show posd --property {name} --value")
