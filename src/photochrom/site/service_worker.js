/** After the first visit the site works without a network: what was fetched once is kept, for as long as
 *  the site has this version. */
const KEPT = `photochrom ${"VERSION"}`;
const FILES = ["FILES"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((cache) =>
    cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  const scope = new URL(self.registration.scope).pathname;
  for (const name of await caches.keys()) {
    if (!name.startsWith("photochrom ") || name === KEPT) continue;
    const [request] = await (await caches.open(name)).keys(); // a site beside this one has its own
    if (!request || new URL(request.url).pathname.startsWith(scope)) await caches.delete(name);
  }
  await self.clients.claim();
})()));

async function answered(request) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") {
    const copy = answer.clone();
    cache.put(request, copy).catch(() => {}); // where the browser has no room, it is fetched again
  }
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answered(request));
});
