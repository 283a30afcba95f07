# The application in an environment of its own, not as root; what built it stays behind in the first stage.
FROM python:3.13-slim-trixie AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/pec
COPY requirements.lock requirements-run.lock ./
# Everything by its hash; the locked setuptools stays in this stage, and builds the project's own wheel.
RUN pip --python /opt/pec/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements-run.lock \
    && awk '/^setuptools==/,/[^\\]$/' requirements.lock | pip install --no-cache-dir --require-hashes -r /dev/stdin
COPY pyproject.toml README.md ./
COPY archive archive
COPY cli cli
COPY config config
COPY console console
COPY pec pec
COPY producers producers
COPY sandbox sandbox
COPY workers workers
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/pec/bin/python install --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="pecmassiva" \
      org.opencontainers.image.description="The durable job queue for Italian certified mail (PEC)"
# A fixed number, so that the owner of the secrets' files on the host can be told once and for all.
RUN groupadd --gid 10001 pec && useradd --uid 10001 --gid pec --create-home pec \
    && install --directory --owner pec --group pec --mode 700 /var/lib/pec
COPY --from=build /opt/pec /opt/pec
ENV PATH=/opt/pec/bin:$PATH
USER 10001:10001
WORKDIR /home/pec
# To the first process only, which lets its workers finish the sends in hand.
STOPSIGNAL SIGTERM
ENTRYPOINT ["pec"]
CMD ["worker"]
