# Pinned to releases. Raise them with the toolchain and with Debian's point releases; a digest pins a build to the byte.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
# The dependencies alone, in a layer that stays as long as the lock file does.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src examples benches/speed && echo 'fn main() {}' | tee src/main.rs benches/speed/main.rs > examples/order.rs \
    && touch src/lib.rs README.md && cargo build --release --locked && rm -r src examples benches README.md
COPY . .
# The sources may be older than what was just built in their place.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM debian:12.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/rejoinder rejoinder
COPY --from=build /build/target/release/rejoinder /usr/local/bin/rejoinder
USER rejoinder
# The store is rejoinder.db in this directory: mount a volume here.
WORKDIR /var/lib/rejoinder
# 8080 is what Meta calls; the operator's listener stays on the container's own loopback until it is given a token.
ENV REJOINDER_SERVER__LISTEN=0.0.0.0:8080
# Memory that a burst took goes back to the system at once.
ENV MIMALLOC_PURGE_DELAY=0
EXPOSE 8080
HEALTHCHECK --start-period=30s CMD ["rejoinder", "healthcheck"]
ENTRYPOINT ["rejoinder"]
CMD ["serve"]
