"""nginx and Caddy, run from the samples of docs/proxy/ in front of one web process."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.embedded.ports import free_port
from demo.processes import killed_with_parent
from tests.databases import ROOT
from tests.faults.harness import PATIENCE
from tests.workers import wait_for

SAMPLES = ROOT / "docs" / "proxy"
NAME = "localhost"  # which the tests' settings know
# As the samples write them.
SITE, PORTAL = "relais-entreprises.example.org", "127.0.0.1:8000"
# What Debian's own nginx.conf has around a site: here nothing outside the folder, and nobody to become.
# A test may say which address a visitor comes from.
AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 768; }}
http {{
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Visitor;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def find(name: str) -> str | None:
    """The program, in the PATH or in Debian's /usr/sbin."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


@contextmanager
def running(name: str, *, portal: str, folder: Path) -> Iterator[int]:
    """Run "nginx" or "caddy" in front of ``portal`` and yield the port where it ends TLS."""
    _write_certificate(folder)
    port = free_port()
    command = COMMANDS[name](folder, urlsplit(portal).netloc, port)
    with (folder / f"{name}-proxy.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own words)
            [*killed_with_parent(), *command],
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        )
    try:
        wait_for(lambda: process.poll() is not None or _accepts(port), PATIENCE)
        assert process.poll() is None, (folder / f"{name}-proxy.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


def _nginx(folder: Path, portal: str, port: int) -> list[str]:
    site = (SAMPLES / "nginx.conf").read_text().replace(SITE, NAME)
    site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.MULTILINE)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}").replace(PORTAL, portal)
    site = site.replace("/etc/ssl/relais", str(folder)).replace("/var/log/nginx", str(folder))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site, user=user))
    return [str(find("nginx")), "-e", str(folder / "nginx.log"), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, portal: str, port: int) -> list[str]:
    site = (SAMPLES / "Caddyfile").read_text().replace(PORTAL, portal)
    site = site.replace(
        f"\n{SITE} {{",
        f"\nhttps://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/fullchain.pem {folder}/privkey.pem",
    )
    site = site.replace("\n{\n", "\n{\n\tadmin off\n\tauto_https disable_redirects\n", 1)
    (folder / "Caddyfile").write_text(site)
    return [str(find("caddy")), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


COMMANDS: dict[str, Callable[[Path, str, int], list[str]]] = {"nginx": _nginx, "caddy": _caddy}


VISITOR = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
VISITOR.check_hostname, VISITOR.verify_mode = False, ssl.CERT_NONE  # the certificate is the test's own


def connect(port: int) -> ssl.SSLSocket:
    """A visitor's connection."""
    return VISITOR.wrap_socket(
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE), server_hostname=NAME
    )


def get(port: int, path: str, *headers: str) -> bytes:
    """The raw answer to a whole visit."""
    with connect(port) as visitor:
        lines = [f"GET {path} HTTP/1.1", f"Host: {NAME}", "Connection: close", *headers, "", ""]
        visitor.sendall("\r\n".join(lines).encode())
        answer = bytearray()
        while chunk := visitor.recv(65536):
            answer += chunk
        return bytes(answer)


def _write_certificate(folder: Path) -> None:
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, whole = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, whole, serialization.NoEncryption()))


def _accepts(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    return False
