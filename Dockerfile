# The command line, the schedule and the screen, as `compose.yaml` runs them: exact, hash-checked versions, no root.
FROM python:3.11.13-slim-bookworm
WORKDIR /linkage
# Evidence bundles are signed and checked with ssh-keygen.
RUN apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends openssh-client \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE app.py ./
COPY linkage linkage
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home linkage
# The root may be read-only: what is compiled at run time, and what libraries keep at home, goes to /tmp.
ENV HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba
USER linkage
ENTRYPOINT ["linkage"]
CMD ["ui"]
