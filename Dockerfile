# Production: the locked runtime alone (no embedded servers), as an account without rights on its own code.

FROM python:3.12-slim-bookworm AS build
WORKDIR /srv/portal
COPY requirements.txt .
RUN python -m venv /srv/venv \
    && /srv/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
RUN DJANGO_SETTINGS_MODULE=portal.settings.base /srv/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /srv/venv/bin/python -m compileall -q .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent portal \
    && install --directory --owner portal --mode 0700 /var/lib/relais/files
COPY --from=build /srv /srv
WORKDIR /srv/portal
ENV DJANGO_SETTINGS_MODULE=portal.settings.production \
    PATH=/srv/venv/bin:$PATH \
    PROMETHEUS_MULTIPROC_DIR=/dev/shm/counters \
    PYTHONUNBUFFERED=1
USER portal
EXPOSE 8000
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/sante/?vivant', timeout=3)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
