# One image for each of our services, from a folder that `npm run images` or `pulumi up` makes: `manifests` with the
# lock file, `built` with the JavaScript of one service and of the workspaces it imports. No TypeScript runs here.

ARG BASE_IMAGE=node:22.21.1-bookworm-slim@sha256:25b3eb23a00590b7499f2a2ce939322727fcce1b15fdd69754fcd09536a3ae2c

FROM ${BASE_IMAGE} AS dependencies
WORKDIR /app
COPY manifests/ ./
ARG WORKSPACE
# Exactly what the lock file says, and only what this service needs when it runs. No package's scripts: the native ones
# bring their binaries along.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace "${WORKSPACE}" --include-workspace-root=false \
 && npm sbom --package-lock-only --sbom-format cyclonedx --omit dev --workspace "${WORKSPACE}" > sbom.cdx.json \
 # Temporal's native part comes for every platform.
 && if [ -d node_modules/@temporalio/core-bridge/releases ]; then \
      find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
        ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} + ; \
    fi

# The same for every service, so it is made once.
FROM ${BASE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app
# Owns nothing here: everything is readable, nothing writable.
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=15s --start-period=120s --retries=3 CMD ["node", "/app/health.js"]
# The service is the container's first process, so it gets the signals itself.
ENTRYPOINT ["node", "/app/main.js"]

FROM runtime
COPY --from=dependencies /app ./
COPY built/ ./
# What changes with each commit comes last: the layers above stay as they are.
ARG WORKSPACE
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="${WORKSPACE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
