FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
RUN npm ci
COPY . .
# The image has a Node of its own: the one among the dependencies stays behind.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/node

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/millrace
COPY --from=build /build/package.json /build/docker-compose.yml ./
COPY --from=build /build/bin ./bin
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/templates ./templates
USER node
EXPOSE 8083
# SIGTERM reaches the worker itself: the launcher becomes it.
ENTRYPOINT ["/opt/millrace/bin/millrace"]
# The loopback address of a container cannot be published. See "Who can reach the worker" in
# docs/reference/worker-properties.md before you publish the port beyond 127.0.0.1.
CMD ["worker", "--set", "listeners=http://0.0.0.0:8083"]
