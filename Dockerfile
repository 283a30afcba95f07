# The application in an environment of its own, not as root.
FROM python:3.13-slim
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY config config
COPY pec pec
COPY producers producers
COPY sandbox sandbox
COPY workers workers
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home pec
USER pec
ENTRYPOINT ["pec"]
CMD ["worker"]
