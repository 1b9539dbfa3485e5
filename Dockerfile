FROM rust:1-slim-bookworm AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/rejoinder rejoinder
COPY --from=build /build/target/release/rejoinder /usr/local/bin/rejoinder
USER rejoinder
# The store is rejoinder.db in this directory: mount a volume here.
WORKDIR /var/lib/rejoinder
# 8080 is what Meta calls; the operator's listener stays on the container's own loopback until it is given a token.
ENV REJOINDER_SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["rejoinder"]
CMD ["serve"]
