"""Who may use the socket need not be able to read the secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from posd.config import ConfigError, load, load_without_secrets
from posd.config import secrets as secrets_module
from posd.gateways.protocols import PROTOCOLS
from posd.gateways.simulator.server import Simulator
from tests.api.till import a_till


def take_away(files: list[str]) -> None:
    """Delete files, some of which are named twice."""
    for file in set(files):
        Path(file).unlink()


async def test_every_protocol_loads_without_its_secrets(tmp_path: Path) -> None:
    """With all secret files gone a cashier's commands still find the daemon; the daemon does not start."""
    async with a_till(tmp_path) as till:
        for name in PROTOCOLS:
            till.gateway(name, name)
        till.listen()
        till.write_config()
        take_away([value for rows in till.sections.values() for key, value in rows.items() if key.endswith("_file")])
    config = load_without_secrets(till.config_path)
    assert str(till.socket) == config.api.socket
    assert {"main", *PROTOCOLS} == config.gateways.keys()
    with pytest.raises(ConfigError, match="No such file"):
        load(till.config_path)


async def test_other_faults_are_still_told(tmp_path: Path) -> None:
    """Only secrets are left out: an unknown key is a fault for everybody."""
    async with a_till(tmp_path) as till:
        till.sections["[terminal]"]["colour"] = "red"
        text_of = till.write_config
        with pytest.raises(ConfigError, match="colour"):
            text_of()
    with pytest.raises(ConfigError, match=r"terminal\.colour: unknown key"):
        load_without_secrets(till.config_path)


async def test_root_finds_the_credentials_outside_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`posd check` reads the store that the unit reads; a service reads only what systemd handed to it."""
    store, handed = tmp_path / "store", tmp_path / "handed"
    store.mkdir()
    handed.mkdir()
    monkeypatch.setattr(secrets_module, "CREDENTIAL_STORE", str(store))
    async with Simulator(keys=tmp_path) as simulator:
        settings = simulator.settings("chaoying", tmp_path)
    shutil.move(settings.pop("key_file"), store / "posd.main.key")
    rows = "\n".join(f'{name} = "{value}"' for name, value in settings.items())
    file = tmp_path / "posd.toml"
    file.write_text(f'[terminal]\nid = "1"\n[payments]\ngateway = "main"\n[gateways.main]\n{rows}\n', "utf-8")
    assert "main" in load(file).gateways
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    with pytest.raises(ConfigError, match="key_file: missing"):
        load(file)
