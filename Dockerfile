# CPython 3.14 and 3.14t side by side, psutil for both, and the harness. Labs are not in it: they travel with a run.
FROM debian:trixie-slim

LABEL pinlab.image="lab"

# A fresh volume takes its owner from this mount point, and labs write to it as uid 1000.
RUN useradd --uid 1000 --user-group --no-create-home --home-dir /tmp --no-log-init --shell /bin/bash lab \
    && install --directory --owner=1000 --group=1000 /results

# Without bytecode a read-only container would compile the standard library at every start of every worker.
# uv is only mounted while it works, so it takes no room in the image.
RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/usr/local/sbin/uv \
    UV_PYTHON_INSTALL_DIR=/opt/python UV_PYTHON_BIN_DIR=/usr/local/bin UV_NO_CACHE=1 \
    uv python install --compile-bytecode 3.14 3.14t \
    && rm -r /opt/python/.lock /opt/python/.temp \
    && ln --symbolic python3.14 /usr/local/bin/python

RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/usr/local/sbin/uv \
    --mount=source=requirements/image.txt,target=/mnt/image.txt \
    --mount=type=tmpfs,target=/tmp \
    for interpreter in python3.14 python3.14t; do \
        uv pip install --no-cache --python "/usr/local/bin/$interpreter" --break-system-packages \
            --require-hashes --only-binary :all: --compile-bytecode --requirements /mnt/image.txt || exit; \
    done

# No home is writable but /tmp, and nothing is worth compiling to a file system that is read-only.
ENV HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/opt/pinlab

# The mode is set here since a clone made under a narrow umask is readable by its owner only, and uid 1000 is not root.
COPY --chmod=755 harness /opt/pinlab/harness
# The bytecode is trusted without a look at its source, whose time stamps the build does not promise to keep.
RUN for interpreter in python3.14 python3.14t; do \
        "$interpreter" -m compileall -q --invalidation-mode unchecked-hash /opt/pinlab || exit; \
    done

HEALTHCHECK NONE
WORKDIR /tmp
USER 1000:1000
ENTRYPOINT ["python3.14", "-m", "harness"]
