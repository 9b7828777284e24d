# syntax=docker/dockerfile:1
# The hub in an image that holds nothing else: `docker build -t hubbub .`; docs/installing.md tells how to run it.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends git musl-tools nodejs npm \
 && rm -rf /var/lib/apt/lists/*
RUN rustup target add wasm32-unknown-unknown "$(uname -m)-unknown-linux-musl" \
 && rustup component add rust-src
WORKDIR /src
COPY . .
# Both caches outlive the image: the tools are compiled once, and later only what has changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    target="$(uname -m)-unknown-linux-musl" \
 && cargo xtask client \
 && HUBBUB_CLIENT=none cargo build --locked --release -p hub --target "$target" \
 && mkdir -p /image/data /image/tmp \
 && cp "target/$target/release/hub" /image/

FROM scratch
COPY --from=build /image/hub /hub
# So that both belong to whom the hub runs as. It keeps in /tmp what people send to a hub that is --ephemeral.
COPY --from=build --chown=65532:65532 /image/data /data
COPY --from=build --chown=65532:65532 /image/tmp /tmp
USER 65532:65532
ENV HUBBUB_DATA=/data
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/hub"]
