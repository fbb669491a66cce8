/** The line to posd: signed in or not, up or down, and its events. It comes back by itself. */

import { onSignedOut, post } from "/ui/api.js";

const AGAIN_MS = 1_000;
/** While signed out we only wait for somebody to open a link. */
const SIGN_IN_MS = 3_000;
const KINDS = ["payment", "refund", "scan", "device", "print"];

/**
 * Keep the line up for as long as the page lives. `on.up()` after every connect, to ask for whatever was missed; when
 * it fails, the line is made anew. `on.down()`, `on.signedOut()`, and `on.event(kind, value)`. Returns a function for
 * whoever notices first that something is wrong with the line.
 */
export function keepConnected(on) {
  let source = null;
  let timer = null;
  let attempts = 0;

  function later(delay) {
    attempts += 1;
    source?.close();
    source = null;
    clearTimeout(timer);
    timer = setTimeout(connect, delay);
  }

  function lost() {
    on.down();
    later(AGAIN_MS);
  }

  async function connect() {
    const mine = (attempts += 1);
    try {
      const { signedIn } = await post("/ui/session");
      if (mine !== attempts) return;
      if (signedIn) return listen();
      on.signedOut();
      later(SIGN_IN_MS);
    } catch {
      if (mine === attempts) lost();
    }
  }

  function listen() {
    source = new EventSource("/v1/events");
    source.onopen = () => on.up().catch(lost);
    // The browser would reconnect by itself, but not past a restart that has ended our session.
    source.onerror = lost;
    for (const kind of KINDS) source.addEventListener(kind, (event) => on.event(kind, JSON.parse(event.data)));
  }

  onSignedOut(() => later(0));
  connect();
  return () => later(0);
}
