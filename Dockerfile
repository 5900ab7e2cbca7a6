# Runs the TypeScript sources as they are: no build step, so the image holds what the repository shows.
FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:26-bookworm-slim
LABEL org.opencontainers.image.title="logpush-intake" \
      org.opencontainers.image.description="HTTP intake for Cloudflare Logpush: durable before the 200, ECS events out" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
ENV HOST=0.0.0.0 DATA_DIR=/data
# Nothing here installs packages or becomes another user. Only /data is written to; the rest may be read-only.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && mkdir /data && chown node:node /data && chmod 700 /data && ln -s /app/src/main.ts /usr/local/bin/logpush-intake
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE NOTICE ./
COPY docker/healthcheck.mjs ./docker/
COPY examples ./examples
COPY src ./src
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "docker/healthcheck.mjs"]
# Young objects live for the time of a batch: 4 MiB are collected sooner, and so are the buffers that hang on them.
CMD ["node", "--max-semi-space-size=4", "src/main.ts", "serve"]
