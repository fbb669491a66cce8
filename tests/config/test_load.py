"""The configuration: what may stand in it, and every fault at once, with file and key."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from posd.capabilities import faults
from posd.config import Config, ConfigError, load, load_without_secrets
from posd.payment.auth_code import Wallet

MINIMAL = """
[terminal]
id = "0101"
[payments]
gateway = "main"
[gateways.main]
protocol = "chaoying"
base_url = "https://pay.example"
agent_id = "a"
mch_id = "m"
key_file = "KEY"
"""
KEY = "the-secret-of-the-agent"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A secret file as it should be."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(KEY + "\n")
    return path


Read = Callable[[str], Config]


@pytest.fixture
def read(tmp_path: Path, secret: Path) -> Read:
    """Read a configuration from text."""

    def read(text: str) -> Config:
        path = tmp_path / "posd.toml"
        path.write_text(text.replace("KEY", str(secret)), "utf-8")
        return load(path)

    return read


def faults_of(read: Read, text: str, tmp_path: Path) -> list[str]:
    """The fault lines without the file's name, which each must begin with."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    head = f"{tmp_path / 'posd.toml'}: "
    assert all(fault.startswith(head) and "\n" not in fault for fault in caught.value.faults)
    return [fault.removeprefix(head) for fault in caught.value.faults]


def test_the_least_there_is(read: Read) -> None:
    """Three sections are enough; everything else has the default of the documentation."""
    config = read(MINIMAL)
    payments = config.payments
    assert (15.0, 120.0, 120.0, 60.0, 1.0, 4) == (
        payments.window,
        payments.qr_window,
        payments.armed_timeout,
        payments.arrival_horizon,
        payments.poll_interval,
        payments.max_inflight_queries,
    )
    assert ("/run/posd/posd.sock", None, "0660") == (config.api.socket, config.api.listen, config.api.socket_mode)
    assert ("/var/lib/posd/journal.db", "none", ()) == (config.journal.path, config.printer.type, config.scanners)
    assert ("zh-CN", "Asia/Shanghai") == (config.terminal.locale, config.terminal.timezone)
    common = config.gateways["main"].common
    assert (3.0, 30.0, 10.0) == (common.connect_timeout, common.pay_timeout, common.query_timeout)
    assert KEY == config.gateways["main"].settings.key.reveal()


def test_routes_and_windows(read: Read) -> None:
    """A wallet's gateway and window, else the usual ones."""
    second = MINIMAL[MINIMAL.index("[gateways.main]") :].replace("gateways.main", "gateways.second")
    config = read(MINIMAL + second + '[payments.routes]\nUNIONPAY = "second"\n[payments.windows]\nALIPAY = 30\n')
    assert ("second", "main", "main") == tuple(map(config.gateway_for, (Wallet.UNIONPAY, Wallet.ALIPAY, None)))
    assert (15.0, 30.0, 15.0) == tuple(map(config.window_s, (Wallet.UNIONPAY, Wallet.ALIPAY, None)))


def test_a_secret_is_nowhere_to_be_seen(read: Read) -> None:
    """Not in the text of the whole configuration."""
    config = read(MINIMAL)
    assert KEY not in repr(config)
    assert KEY not in str(config.gateways["main"].settings)


TWO = '[gateways.two]\nprotocol = "daxpay"\nbase_url = "https://x"\nsecret_file = "KEY"\n'
FAULTS = [
    ("[colours]\nred = 1\n", "colours: unknown section"),
    ("[api]\ncolour = 1\n", "api.colour: unknown key"),
    ("[api]\nsocket = 1\n", "api.socket: Expected str, got int"),
    ('[api]\nsocket_mode = "660"\n', "api.socket_mode: "),
    ('[api]\nlisten = "0.0.0.0:1"\ntoken_file = "KEY"\n', "api.listen: expected HOST:PORT on the loopback"),
    ('[api]\nlisten = "127.0.0.1"\ntoken_file = "KEY"\n', "api.listen: expected HOST:PORT on the loopback"),
    ('[api]\nlisten = "127.0.0.1:1"\n', "api.token_file: missing"),
    ('[api]\ntoken_file = "/nowhere/token"\n', "api.token_file: /nowhere/token: No such file"),
    ("[api]\ntoken_file = 1\n", "api.token_file: expected the path of a file"),
    ('[api]\ntoken = "x"\n', "api.token: unknown key"),
    ('[payments.routes]\nPAYPAL = "main"\n', "payments.routes: "),
    ('[payments.routes]\nALIPAY = "other"\n', "payments.routes.ALIPAY: there is no [gateways.other]"),
    ("[payments.windows]\nALIPAY = 1\n", "payments.windows: "),
    ('[notify]\nlisten = "8780"\n', "notify.listen: expected HOST:PORT"),
    ("[notify]\n", "notify.listen: missing"),
    ('[[scanners]]\nname = "a"\ntype = "serial"\n', "scanners[0].port: missing; a scanner of type serial needs it"),
    ('[[scanners]]\nname = "a"\ntype = "hid"\nport = "/dev/x"\n', "scanners[0].device: missing"),
    ('[[scanners]]\nname = "a b"\ntype = "hid"\ndevice = "/dev/x"\n', "scanners[0].name: "),
    ('[[scanners]]\nname = "a"\ntype = "ps2"\n', "scanners[0].type: "),
    ('[scanners]\nname = "a"\n', "scanners: expected tables [[scanners]]"),
    ('[[scanners]]\nname = "printer"\ntype = "serial"\nport = "/dev/x"\n', "name: two devices are called 'printer'"),
    ('[face]\nlisten = "127.0.0.1:1"\n', "face.token_file: missing"),
    ('[face]\nlisten = "10.0.0.1:1"\ntoken_file = "KEY"\n', "face.listen: expected a socket's path"),
    ('[printer]\ntype = "tcp"\n', "printer.host: missing"),
    ('[printer]\ntype = "tcp"\nhost = "h"\nport = 70000\n', "printer.port: expected a number from 1 to 65535"),
    ('[printer]\ntype = "tcp"\nhost = "h"\nport = "x"\n', "printer.port: expected a number from 1 to 65535"),
    ('[printer]\ntype = "serial"\nport = 1\n', "printer.port: expected a device"),
    ('[printer]\ntype = "file"\n', "printer.path: missing"),
    ('[printer]\ntype = "cups"\n', "printer.queue: missing"),
    ("[printer]\npaper = 57\n", "printer.paper: "),
    ("[printer]\ncopies = true\n", "printer.copies: "),
    ("[printer]\ndrawer = 1\n", "printer.drawer: "),
    ('[receipt]\nfooter = "x"\n', "receipt.footer: "),
    ('[gateways.two]\nprotocol = "paypal"\nbase_url = "https://x"\n', "gateways.two.protocol: "),
    ('[gateways."a/b"]\nprotocol = "chaoying"\n', "gateways.a/b: a name has"),
    ('[gateways.two]\nprotocol = "daxpay"\nbase_url = "https://x"\n', "gateways.two.secret_file: missing"),
    (TWO.replace("https://x", "http://pay.example"), "gateways.two.base_url: http:// is only for the loopback"),
    (TWO.replace("https://x", "https://u:password@x"), "gateways.two.base_url: no base URL"),
    (TWO + 'sign_type = "CRC"\n', "gateways.two: sign_type"),
    (TWO + 'mch_id = "1"\n', "gateways.two.mch_id: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_a_fault_is_found(read: Read, tmp_path: Path, more: str, fault: str) -> None:
    """Each with its key and a reason."""
    found = faults_of(read, MINIMAL + more, tmp_path)
    assert any(line.startswith(fault) for line in found), found
    assert "password" not in "".join(found)


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ('id = "0101"', "", "terminal.id: missing"),
        ('id = "0101"', 'id = "010 1"', "terminal.id: "),
        ('id = "0101"', 'id = "123456789"', "terminal.id: "),
        ('id = "0101"', 'id = "1"\ntimezone = "Mars/Olympus"', "terminal.timezone: 'Mars/Olympus' is no time zone"),
        ('id = "0101"', 'id = "1"\nlocale = "fr"', "terminal.locale: "),
        ('gateway = "main"', "", "payments.gateway: missing"),
        ('gateway = "main"', 'gateway = "other"', "payments.gateway: there is no [gateways.other]"),
        ('gateway = "main"', 'gateway = "main"\nwindow = 1.9', "payments.window: "),
        ('gateway = "main"', 'gateway = "main"\narmed_timeout = 1', "payments.armed_timeout: "),
        ('gateway = "main"', 'gateway = "main"\narrival_horizon = 1', "payments.arrival_horizon: "),
        ('gateway = "main"', 'gateway = "main"\nmax_inflight_queries = 1.5', "payments.max_inflight_queries: "),
        ("[payments]", "[payment]", "payments: missing section"),
        ('agent_id = "a"', "", "gateways.main.agent_id: missing"),
        ('agent_id = "a"', "agent_id = 1", "gateways.main.agent_id: "),
        ('"https://pay.example"', '"pay.example"', "gateways.main.base_url: "),
        ('"chaoying"', "3", "gateways.main.protocol: "),
    ],
)
def test_a_fault_in_what_must_be_there_is_found(read: Read, tmp_path: Path, was: str, becomes: str, fault: str) -> None:
    """The same for the sections nobody can do without."""
    assert was in MINIMAL
    found = faults_of(read, MINIMAL.replace(was, becomes), tmp_path)
    assert any(line.startswith(fault) for line in found), found


def test_all_faults_are_told_at_once(read: Read, tmp_path: Path) -> None:
    """A technician corrects them in one go, those that only show between sections too."""
    text = MINIMAL.replace('id = "0101"', 'id = "?"').replace('gateway = "main"', 'gateway = "other"')
    text += '[api]\ncolour = 1\nshape = 2\n[notify]\nlisten = "x"\n[printer]\ntype = "tcp"\n'
    heads = [fault.partition(": ")[0] for fault in faults_of(read, text, tmp_path)]
    assert ["api.colour", "api.shape", "notify.listen", "payments.gateway", "printer.host", "terminal.id"] == sorted(
        heads
    )


@pytest.mark.parametrize("text", ["[terminal", "a = 1\na = 2", "\ufeff[terminal]", "x = \x01"])
def test_broken_toml_is_one_line(read: Read, tmp_path: Path, text: str) -> None:
    """With the place in the file."""
    (fault,) = faults_of(read, text, tmp_path)
    assert fault.startswith("not valid TOML")


def test_a_file_that_everybody_can_write_to_is_refused(read: Read, tmp_path: Path) -> None:
    """It says who is believed about money; its group, which a technician may be in, may write."""
    read(MINIMAL)
    path = tmp_path / "posd.toml"
    path.chmod(0o664)
    load(path)
    path.chmod(0o646)
    for reads in (load, load_without_secrets):
        with pytest.raises(ConfigError) as caught:
            reads(path)
        assert [f"{path}: everybody can write to it (mode 0646); run: chmod o-w {path}"] == caught.value.faults


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """Which says how to name another one."""
    with pytest.raises(ConfigError, match="No such file or directory; name another file with --config"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin").write_bytes(b"[terminal]\nid = '\xff'\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "latin")


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_secret_others_can_read_is_refused(read: Read, tmp_path: Path, secret: Path, mode: int) -> None:
    """With the command that mends it."""
    secret.chmod(mode)
    (fault,) = faults_of(read, MINIMAL, tmp_path)
    assert f"run: chmod 600 {secret}" in fault
    assert KEY not in fault


@pytest.mark.parametrize("content", [b"", b" \n", b"x" * 70_000])
def test_an_empty_or_huge_secret_is_refused(read: Read, tmp_path: Path, secret: Path, content: bytes) -> None:
    """Neither is a key."""
    secret.write_bytes(content)
    (fault,) = faults_of(read, MINIMAL, tmp_path)
    assert fault.startswith("gateways.main.key_file: ")


def test_a_directory_is_no_secret(read: Read, tmp_path: Path) -> None:
    """Nor anything else that cannot be read."""
    directory = tmp_path / "directory"
    directory.mkdir(mode=0o700)
    (fault,) = faults_of(read, MINIMAL.replace("KEY", str(directory)), tmp_path)
    assert "Is a directory" in fault


def test_credentials_of_systemd(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named ``<section>.<key without _file>``; their mode is systemd's business; a file that is named wins."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in ("main.key", "api.token", "face.token", "sp.private_key", "sp.platform_key"):
        (credentials / name).write_text(f"credential {name}\n")
        (credentials / name).chmod(0o644)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    config = read(
        MINIMAL.replace('key_file = "KEY"', "")
        + '[api]\nlisten = "127.0.0.1:1"\n[face]\nlisten = "127.0.0.1:2"\n'
        + '[gateways.sp]\nprotocol = "umf-sp"\nbase_url = "https://x"\nacq_sp_id = "1"\nacq_mer_id = "12345678"\n'
    )
    assert config.api.token is not None
    assert config.face is not None
    assert config.face.token is not None
    assert "credential api.token" == config.api.token.reveal()
    assert "credential face.token" == config.face.token.reveal()
    assert "credential main.key" == config.gateways["main"].settings.key.reveal()
    assert "credential sp.private_key" == config.gateways["sp"].settings.private_key.reveal()
    assert KEY == read(MINIMAL).gateways["main"].settings.key.reveal()


def test_a_credential_that_is_not_there_is_missing(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names both ways."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (fault,) = faults_of(read, MINIMAL.replace('key_file = "KEY"', ""), tmp_path)
    assert "gateways.main.key_file: missing; give the path of a file, or a systemd credential" == fault


PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(PRIVATE.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(PRIVATE, hashes.SHA256())


_ENCODING = serialization.Encoding
_PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo


def _private(encoding: serialization.Encoding, form: serialization.PrivateFormat) -> bytes:
    return PRIVATE.private_bytes(encoding, form, serialization.NoEncryption())


PRIVATE_FORMS = [
    _private(_ENCODING.PEM, serialization.PrivateFormat.PKCS8),
    _private(_ENCODING.PEM, serialization.PrivateFormat.TraditionalOpenSSL),
    _private(_ENCODING.DER, serialization.PrivateFormat.PKCS8),
    _private(_ENCODING.DER, serialization.PrivateFormat.TraditionalOpenSSL),
    base64.b64encode(_private(_ENCODING.DER, serialization.PrivateFormat.PKCS8)),
    base64.encodebytes(_private(_ENCODING.DER, serialization.PrivateFormat.PKCS8)),
]
PUBLIC_FORMS = [
    PRIVATE.public_key().public_bytes(_ENCODING.PEM, _PUBLIC),
    PRIVATE.public_key().public_bytes(_ENCODING.DER, _PUBLIC),
    base64.b64encode(PRIVATE.public_key().public_bytes(_ENCODING.DER, _PUBLIC)),
    _certificate().public_bytes(_ENCODING.PEM),
    _certificate().public_bytes(_ENCODING.DER),
    base64.b64encode(_certificate().public_bytes(_ENCODING.DER)),
]


@pytest.mark.parametrize(("private", "public"), list(zip(PRIVATE_FORMS, PUBLIC_FORMS, strict=True)))
def test_keys_as_the_vendors_hand_them_out(read: Read, tmp_path: Path, private: bytes, public: bytes) -> None:
    """PEM, DER or bare Base64, old and new forms, certificates for public keys: all of them sign and verify."""
    files = {"private": private, "public": public}
    for name, content in files.items():
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    rows = {
        "protocol": "umf-sp", "base_url": "https://x", "acq_sp_id": "1", "acq_mer_id": "12345678",
        "private_key_file": str(tmp_path / "private"), "platform_key_file": str(tmp_path / "public"),
    }  # fmt: skip
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in rows.items())
    head, _, _ = MINIMAL.partition("[gateways.main]")
    assert [] == faults(read(f"{head}[gateways.main]\n{text}\n"))


def test_a_key_that_is_none_is_found_by_check(read: Read) -> None:
    """``posd check`` tells section and reason, and nothing of the key."""
    sp = '[gateways.main]\nprotocol = "umf-sp"\nbase_url = "https://x"\nacq_sp_id = "1"\nacq_mer_id = "12345678"\n'
    head, _, _ = MINIMAL.partition("[gateways.main]")
    (fault,) = faults(read(head + sp + 'private_key_file = "KEY"\nplatform_key_file = "KEY"\n'))
    assert "gateways.main: " in fault
    assert KEY not in fault


def test_what_the_environment_says_of_secrets_is_not_read(read: Read, tmp_path: Path) -> None:
    """Only systemd's own directory; without it there are no credentials."""
    assert "CREDENTIALS_DIRECTORY" not in os.environ
    (fault,) = faults_of(read, MINIMAL.replace('key_file = "KEY"', ""), tmp_path)
    assert fault.startswith("gateways.main.key_file: missing")
