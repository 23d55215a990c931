# One bundled program on a Node 24 image, without npm and node_modules of its own.
#
#   docker build -t tributary .
#   docker build -t tributary --build-arg BASE=IMAGE .    another base: any with Node 24 or newer, also a distroless one
ARG BUILD=node:24-slim
ARG BASE=node:24-slim

FROM ${BUILD} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node tools/bundle.ts /program && npm sbom --omit=dev --sbom-format=cyclonedx > /program/sbom.cdx.json

FROM ${BASE}
COPY --from=build /program /opt/tributary
# Distroless images keep Node in a folder of its own.
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=2
# A number: Kubernetes cannot tell that a name is not root's.
USER 65532:65532
# xDS; metrics and health; the admin API.
EXPOSE 16010 16020 16021
ENTRYPOINT ["node", "--max-semi-space-size=8", "--no-parallel-scavenge", "--initial-old-space-size=100", "--v8-pool-size=1", "--expose-gc", "/opt/tributary/tributary.js"]
CMD ["serve", "--config=/etc/tributary/tributary.yaml"]
