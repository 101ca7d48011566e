import * as api from "./api.js";

const HIDDEN_S = 3600; // a browser may stop the timers of a page that nobody sees
const CLOSED_S = 45; // for a reload, which comes back for them
const EVERY_MS = 60_000;

/** Keep the photos and films of the page on the server while it is open, and give them back when it closes. */
export function keepLeases(album) {
  const renew = (seconds, closing = false) => {
    const sessions = [...album.photos.filter((photo) => photo.isOpen).map((photo) => photo.session.id),
      ...album.references.sessions];
    const films = album.films.filter((film) => film.isOpen).map((film) => film.id);
    // Where this fails, the next request about a photo opens it again.
    if (sessions.length || films.length)
      api.renew({ sessions, films }, seconds, closing).catch(() => {});
  };
  const asShown = () => renew(document.hidden ? HIDDEN_S : api.LEASE_S);
  setInterval(asShown, EVERY_MS);
  let changed = 0; // a page that closes is hidden, too: then this must not be sent
  document.addEventListener("visibilitychange", () => {
    clearTimeout(changed);
    changed = setTimeout(asShown, 500);
  });
  window.addEventListener("pagehide", () => {
    clearTimeout(changed);
    renew(CLOSED_S, true);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) asShown(); });
  let soon = 0; // photos that came back after a reload have little time left
  album.addEventListener("photos", () => {
    clearTimeout(soon);
    soon = setTimeout(asShown, 1000);
  });
}
