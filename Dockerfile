# tap-chakra, target-chakra, the dlt source and destination, and the sandbox.
#
#   docker build -t chakra-connectors .
#   docker run --rm --read-only --tmpfs /tmp -v chakra:/data -e TAP_CHAKRA_API_KEY chakra-connectors tap-chakra --test
#
# Everything that is installed is locked with hashes (requirements/image.txt). Give the digest of
# the base image to pin that, too: --build-arg BASE=python:3.13.5-slim-bookworm@sha256:...
ARG BASE=python:3.13.5-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/image.txt requirements/
RUN python -m venv /opt/chakra \
    && /opt/chakra/bin/python -m pip install --quiet --require-hashes -r requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY chakra_api chakra_api
COPY chakra_plugin chakra_plugin
COPY chakra_sandbox chakra_sandbox
COPY chakra_spark chakra_spark
COPY tap_chakra tap_chakra
COPY target_chakra target_chakra
RUN /opt/chakra/bin/python -m pip install --quiet --no-deps . \
    && /opt/chakra/bin/python -m compileall -q -j 0 /opt/chakra/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="chakra-connectors" \
      org.opencontainers.image.source="https://github.com/chakra-connectors/chakra-connectors" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/chakra /opt/chakra
# /data is all that is written to, and /tmp: journals, states, BATCH files, the folder of dlt.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin chakra \
    && install -d -o 10001 -g 10001 -m 0700 /data
ENV PATH=/opt/chakra/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
# Process 1 has no default for signals: dumb-init hands SIGTERM on, and the exit code back.
ENTRYPOINT ["dumb-init", "--"]
CMD ["tap-chakra", "--help"]
