/**
 * Requests that move money and are not answered yet. Each keeps its key in the session storage until posd has answered,
 * so that a reload, a second press or a restart of posd repeats the same request instead of making another one.
 */

import { post, Problem } from "/ui/api.js";

const NAME = "posd.pending";
/** An older request is not repeated by itself: the customer may have gone. posd knows whether it ever arrived. */
const REPEAT_MS = 60_000;
/** Refusals after which posd may have begun all the same: the key is kept for another try. */
const UNCLEAR = ["internal_error", "journal_unavailable"];

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME));
  } catch {
    return null;
  }
}

/** The request that was not answered, if it is young enough to be repeated. */
export function pending() {
  const kept = read();
  if (kept === null) return null;
  if (Math.abs(Date.now() - kept.at) <= REPEAT_MS) return kept;
  forget();
  return null;
}

/** No more of it. */
export function forget() {
  sessionStorage.removeItem(NAME);
}

/** Send a request with a key of its own; the same request that was left unanswered goes out under the same key. */
export async function send(path, body) {
  const kept = pending();
  const same = kept !== null && kept.path === path && JSON.stringify(kept.body) === JSON.stringify(body);
  const request = same ? kept : { path, body, key: crypto.randomUUID(), at: Date.now() };
  sessionStorage.setItem(NAME, JSON.stringify(request));
  return repeat(request);
}

/** Send it again, under its own key. Raises Problem, after which it is over, or Unreachable, after which it is not. */
export async function repeat(request) {
  try {
    const answer = await post(request.path, { body: request.body, key: request.key });
    forget();
    return answer;
  } catch (error) {
    if (error instanceof Problem && error.status !== 401 && !UNCLEAR.includes(error.code)) forget();
    throw error;
  }
}
