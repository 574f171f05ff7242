# `docker build .` makes the service. `--target dev` adds the development tenant, which the service's image does not
# contain, and `--target devtenant` makes an image of that tenant alone. `make image` sets the arguments.
# `--build-arg PYTHON=python:3.13-slim@sha256:...` pins the base image.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
ARG SOURCE_DATE_EPOCH=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ONLY_BINARY=:all: PIP_ROOT_USER_ACTION=ignore
COPY --chmod=755 deploy/docker/prepare-root.sh deploy/docker/finish-app.sh /usr/local/bin/
RUN prepare-root.sh
WORKDIR /build
COPY locks/build.txt locks/
RUN pip install --no-deps --require-hashes -r locks/build.txt \
 && python -m venv --without-pip /app

FROM build AS build-service
COPY locks/runtime.txt locks/
RUN pip --python /app/bin/python install --no-deps --require-hashes -r locks/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /app/bin/python install --no-deps dist/*.whl \
 && pip --python /app/bin/python check \
 && finish-app.sh

FROM build-service AS build-dev
COPY devtenant devtenant
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist-dev ./devtenant \
 && pip --python /app/bin/python install --no-deps dist-dev/*.whl \
 && pip --python /app/bin/python check \
 && finish-app.sh

FROM build AS build-devtenant
COPY locks/devtenant.txt locks/
RUN pip --python /app/bin/python install --no-deps --require-hashes -r locks/devtenant.txt
COPY devtenant devtenant
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist ./devtenant \
 && pip --python /app/bin/python install --no-deps dist/*.whl \
 && pip --python /app/bin/python check \
 && finish-app.sh

FROM ${PYTHON} AS slim
ARG SOURCE_DATE_EPOCH=0
# Without pip, and without programs that run as another user. The directories' times are set as those of the files are.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && touch --date="@$SOURCE_DATE_EPOCH" /usr/local/bin /usr/local/lib/python3.* /usr/local/lib/python3.*/site-packages
COPY --from=build /image-root /

FROM scratch AS base
# One layer: what a layer removes is still in the one below, and the removal has the time of the build.
# hadolint ignore=DL3067
COPY --from=slim / /
ENV PATH=/app/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=3000
# A number, which Kubernetes can verify (runAsNonRoot).
USER 10001:10001
WORKDIR /app
EXPOSE 3000
# Liveness, not readiness: an outage of Auth0 is no reason to restart the container. A bare socket, and no site-packages:
# each check is a new process.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s \
  CMD ["python", "-SIc", "import os, socket, sys; s = socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 4); s.sendall(b'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'); sys.exit(s.recv(12) != b'HTTP/1.1 200')"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="auth0-sso" \
      org.opencontainers.image.description="An API guarded by Auth0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM base AS dev
COPY --from=build-dev /app /app
EXPOSE 3001 3002
CMD ["auth0-sso", "dev", "--host", "0.0.0.0"]

FROM base AS devtenant
LABEL org.opencontainers.image.title="auth0-devtenant" \
      org.opencontainers.image.description="An Auth0 tenant for development and tests"
COPY --from=build-devtenant /app /app
EXPOSE 3001 3002
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s \
  CMD ["python", "-SIc", "import socket; socket.create_connection(('127.0.0.1', 3001), 4)"]
ENTRYPOINT ["auth0-devtenant"]
CMD ["serve", "--host", "0.0.0.0"]

# The last stage is the one that is built where none is named.
FROM base AS service
COPY --from=build-service /app /app
CMD ["auth0-sso", "serve"]
