# syntax=docker/dockerfile:1
# `docker build .` makes the service. `--target dev` adds the development tenant, which no other image contains.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /app
COPY locks/runtime.txt locks/build.txt locks/
RUN /app/bin/pip install --no-cache-dir --no-deps --require-hashes -r locks/runtime.txt \
 && pip install --no-cache-dir --no-deps --require-hashes -r locks/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && /app/bin/pip install --no-cache-dir --no-deps dist/*.whl \
 && /app/bin/pip check

FROM build AS build-dev
COPY devtenant devtenant
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist-dev devtenant \
 && /app/bin/pip install --no-cache-dir --no-deps dist-dev/*.whl \
 && /app/bin/pip check

FROM python:3.13-slim AS base
RUN useradd --system --no-create-home --uid 10001 service
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=3000
USER service
WORKDIR /app
EXPOSE 3000
# Liveness, not readiness: an outage of Auth0 is no reason to restart the container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]

FROM base AS dev
COPY --from=build-dev /app /app
EXPOSE 3001 3002
CMD ["auth0-sso", "dev", "--host", "0.0.0.0"]

# The last stage is the one that is built where none is named.
FROM base AS service
COPY --from=build /app /app
CMD ["auth0-sso", "serve"]
