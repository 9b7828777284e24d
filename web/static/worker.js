// Opens the client while the hub is away: what one version of it consists of is kept by the browser, and handed out
// when the hub does not. Browsers run this on HTTPS and localhost only.
//
// `cargo xtask build` fills in the next four (xtask/src/client/shell.rs). As Trunk serves it nothing is kept.

const VERSION = "";
const SHELL = [];
// What only some visits want is kept when it has first been wanted, so that a first visit downloads little.
const LATER = [];
// The engine, which most people never run: kept when it has first been wanted, and from then on.
const SELDOM = [];

// What is named by a hash of what is in it never changes.
const NAMED = /-[0-9a-f]{9,}/;

// How long the hub has to answer before the kept page is shown, in milliseconds: many times what it takes on a LAN,
// and no longer than one waits without doubt for a page.
const PATIENCE = 2_000;

const ALL = [...SHELL, ...LATER, ...SELDOM];
const PREFIX = "shell-";
const KEPT = PREFIX + VERSION;

addEventListener("install", event => event.waitUntil(keep()));
addEventListener("activate", event => event.waitUntil(takeOver()));
// A page has found the hub again, which may be a newer one.
addEventListener("message", event => event.waitUntil(registration.update().catch(() => undefined)));

addEventListener("fetch", event => {
  const { pathname, origin } = new URL(event.request.url);
  // All else (/ws, /files, /health) is between the page and the hub.
  const ours = event.request.method === "GET" && origin === location.origin && ALL.includes(pathname);
  if (ours) event.respondWith(NAMED.test(pathname) ? kept(event, pathname) : newest(event, pathname));
});

async function keep() {
  const isFirst = !(await caches.keys()).some(name => name.startsWith(PREFIX));
  const wanted = await Promise.all(SELDOM.map(path => caches.match(path, { ignoreVary: true })));
  const cache = await caches.open(KEPT);
  // The page has just loaded most of them, and the browser has them at hand.
  await cache.addAll(isFirst ? SHELL : wanted.some(Boolean) ? ALL : [...SHELL, ...LATER]);
  await skipWaiting();
}

async function takeOver() {
  const old = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== KEPT);
  await Promise.all(old.map(name => caches.delete(name)));
  // The page is asked for while this starts.
  await registration.navigationPreload?.enable();
  await clients.claim();
  // A page that runs another script than this is of another version.
  const script = SHELL.find(path => path.endsWith(".js"));
  for (const client of await clients.matchAll()) client.postMessage(script);
}

// What the hub sends if it sends anything, because that may be newer.
async function newest(event, path) {
  const sent = fromHub(event).catch(() => undefined);
  event.waitUntil(sent);
  const held = await keptAt(path);
  if (!held) return (await sent) ?? Response.error();
  const late = new Promise(resolve => setTimeout(resolve, PATIENCE));
  return (await Promise.race([sent, late])) ?? held;
}

async function fromHub(event) {
  const answer = (await event.preloadResponse) ?? (await fetch(event.request));
  keepIfLater(event, answer);
  // What stands in front of a hub says so when the hub is away.
  return answer.status < 500 ? answer : undefined;
}

async function kept(event, path) {
  const held = await keptAt(path);
  if (held) return held;
  const sent = await fetch(event.request);
  keepIfLater(event, sent);
  return sent;
}

function keepIfLater(event, answer) {
  const { pathname } = new URL(event.request.url);
  // The page that a network asks for one's name with is no part of the client.
  const isPage = answer.redirected || (answer.headers.get("content-type") ?? "").startsWith("text/html");
  if (!SHELL.includes(pathname) && answer.ok && !isPage) event.waitUntil(keepAs(pathname, answer.clone()));
}

async function keepAs(path, answer) {
  const cache = await caches.open(KEPT);
  await cache.put(path, answer);
}

function keptAt(path) {
  return caches.match(path, { cacheName: KEPT, ignoreVary: true });
}
