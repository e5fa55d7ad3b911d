"""``manage.py demo``: the whole portal on this machine: servers, content, web, worker, beat, register."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo import services
from demo.embedded.account import ServerFailed
from demo.processes import ProcessEnded, Processes, interruptible

FIRST_PORT = 8000
PORTS_TRIED = 100
PATIENCE = 300.0  # seconds, on a busy machine; a process that ends stops the wait
WELCOME = """
Relais Entreprises, démonstration. Tout y est fictif, sauf les communes.

  Le portail      {site}/
  Le courrier     {site}/courrier/     tous les mails, leurs liens à cliquer
  Les rôles       {site}/demo/         un clic : dirigeant, experts, équipes régionale et nationale
  Sa santé        {site}/sante/

À essayer en cinq minutes :
  1. Dirigeant : sur l'accueil, cherchez « recruter », choisissez une commune, décrivez votre besoin.
     Le registre de la démonstration connaît le SIRET 000 100 743 00012 et le nom « halles ».
  2. Expert : dans le courrier, ouvrez le mail reçu, cliquez sur « Je prends en charge », écrivez un mot.
  3. Dirigeant : dans le courrier, ouvrez le suivi de la demande : quelqu'un s'en occupe.
  4. Équipe : prenez le rôle de l'équipe régionale et relisez la demande, ses décisions et ses mails.

Journaux : {logs}/*.log. Ctrl-C arrête tout.
"""


class Command(BaseCommand):
    help = "Lance la démonstration, jusqu'à Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        try:
            with interruptible(), services.lease() as addresses:
                self._run(addresses)
        except KeyboardInterrupt:
            self.stdout.write("La démonstration est arrêtée.")
        except (ServerFailed, ProcessEnded) as error:
            raise CommandError(str(error)) from error

    def _run(self, addresses: dict[str, str]) -> None:
        with _listen(
            int(os.environ.get("PORT", FIRST_PORT))
        ) as web:  # bound immediately, so that no other demo takes it
            self._serve(addresses, web)

    def _serve(self, addresses: dict[str, str], web: socket.socket) -> None:
        port = web.getsockname()[1]
        with _listen(port + 1) as register:
            register_port = register.getsockname()[1]
        site = f"http://localhost:{port}"
        environment = {
            **os.environ,
            **addresses,
            "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
            "PYTHONUNBUFFERED": "1",
            "CELERY_SKIP_CHECKS": "1",  # prepare_demo has made Django's
            "REGISTER_URL": os.environ.get("REGISTER_URL", f"http://127.0.0.1:{register_port}"),
            "SITE_URL": os.environ.get("SITE_URL", site),
        }
        logs = services.FOLDER / f"demo-{port}"  # not shared by two demos of one checkout
        logs.mkdir(exist_ok=True)
        processes = Processes(logs, environment)
        try:
            _start_register(processes, register_port)
            self._prepare(environment)
            _start(processes, web)
            _wait_for(f"{site}/sante/", processes)
            self.stdout.write(WELCOME.format(site=site, logs=logs))
            self.stdout.flush()  # also when the output is a pipe
            processes.watch()
        finally:
            processes.stop()

    def _prepare(self, environment: dict[str, str]) -> None:
        self.stdout.write("Préparation (une minute la première fois)…")
        self.stdout.flush()
        done = subprocess.run([sys.executable, "manage.py", "prepare_demo"], env=environment, check=False)
        if done.returncode:
            raise CommandError("La préparation a échoué.")


def _start_register(processes: Processes, port: int) -> None:
    processes.start("register", sys.executable, "-m", "demo.fake_register", "--port", str(port))


def _start(processes: Processes, web: socket.socket) -> None:
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "portal"]
    processes.start("worker", *celery, "worker", "--concurrency", "2", "--loglevel", "INFO")
    processes.start("beat", *celery, "beat", "--pidfile", "")
    processes.start(
        "web",
        *(sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"fd://{web.fileno()}"),
        *("--workers", "2", "--threads", "4", "--no-control-socket", "--preload"),
        files=[web.fileno()],
    )


def _listen(first: int) -> socket.socket:
    """Listen on the first free port from ``first`` on."""
    for port in range(first, first + PORTS_TRIED):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise CommandError(f"Aucun port n'est libre de {first} à {first + PORTS_TRIED - 1}.")


def _wait_for(address: str, processes: Processes) -> None:
    """Wait until the health page is good: the worker has run, and no mail is late."""
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # without http_proxy
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        processes.check()
        try:
            directly.open(address, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise CommandError(f"Le portail n'est pas en état : {address}, {processes.folder}/*.log.")
