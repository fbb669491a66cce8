/** Calls to posd. What it refuses is a Problem; when it does not answer at all, Unreachable. */

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "internal_error";
    this.retryable = body.retryable ?? status >= 500;
  }
}

/** Far longer than posd takes for anything; a call that hangs is as good as none. */
const PATIENCE_MS = 20_000;

export class Unreachable extends Error {}

let whenSignedOut = () => {};

/** Call this when posd says that we are not signed in (any more). */
export function onSignedOut(listener) {
  whenSignedOut = listener;
}

/** One call; returns the JSON of the answer. Raises Problem or Unreachable. */
export async function call(method, path, { body, key } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  let answer;
  let json;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const text = body === undefined ? undefined : JSON.stringify(body);
    answer = await fetch(path, { method, headers, signal, body: text });
    json = await answer.json();
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (answer.ok) return json;
  if (answer.status === 401) whenSignedOut();
  throw new Problem(answer.status, json);
}

export const get = (path) => call("GET", path);
export const post = (path, options = {}) => call("POST", path, options);

/** All pages of a list, up to `atMost` items; `more` says that there are others. */
export async function list(query, atMost) {
  const items = [];
  let cursor = null;
  do {
    const asked = new URLSearchParams({ ...query, limit: Math.min(200, atMost - items.length) });
    if (cursor !== null) asked.set("cursor", cursor);
    const page = await get(`/v1/payments?${asked}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < atMost);
  return { items, more: cursor !== null };
}
