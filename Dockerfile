# Two stages: one builds and tests, one holds the programs and the libraries they need.
#
#   docker build -t sequent .
#   docker build -t sequent --build-arg TESTS=OFF --build-arg REVISION="$(git rev-parse --short=12 HEAD)" .

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY tools/setup.sh tools/packages.txt tools/
RUN tools/setup.sh build test
COPY . .
# ON: the image is built only if the tests pass.
ARG TESTS=ON
# What --version and sequent_build_info say.
ARG REVISION=unknown
RUN cmake --preset release -DSEQUENT_TESTS="$TESTS" -DSEQUENT_REVISION="$REVISION" >/dev/null \
 && cmake --build --preset release -j "$(nproc)"
RUN if [ "$TESTS" = ON ]; then ctest --preset release -LE 'accuracy|slow'; fi
RUN cmake --install build/release --prefix /programs --strip

FROM debian:bookworm-slim
COPY tools/setup.sh tools/packages.txt /tmp/tools/
# /usr/share/dlib: 97 MB of face landmarks that come with the library.
RUN /tmp/tools/setup.sh runtime \
 && rm -rf /tmp/tools /usr/share/dlib /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sequent \
 && install -d -o sequent -g sequent /models
COPY --from=build /programs/bin/sequent-server /programs/bin/sequent-train /programs/bin/sequent /usr/local/bin/
COPY --from=build /programs/lib/sequent/sequent_sentencepiece /usr/local/lib/sequent/
# Two configurations and their data, so that the image can train something to serve: deploy/compose.yaml.
COPY examples/data/README.md /usr/share/sequent/examples/data/
COPY examples/data/tinyshakespeare /usr/share/sequent/examples/data/tinyshakespeare
COPY examples/data/melbourne /usr/share/sequent/examples/data/melbourne
COPY examples/shakespeare /usr/share/sequent/examples/shakespeare
COPY examples/melbourne /usr/share/sequent/examples/melbourne
RUN sequent-server --version && sequent-train --version && sequent --version

WORKDIR /usr/share/sequent
USER 10001:10001
ENV SEQUENT_REPOSITORY=/models
EXPOSE 8001 8002
# SERVING as soon as one model is ready, NOT_SERVING once the server drains.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["sequent", "health", "--timeout", "4"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sequent-server"]
