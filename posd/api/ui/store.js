/** What posd has said, and nothing else: payments, refunds, devices, the day. Views ask to be told of changes. */

import { get, list } from "/ui/api.js";
import { learn } from "/ui/words.js";

/** Rows of the day that are loaded at once; the cashier may ask for more. */
const ROWS = 100;
/** What needs attention, or is open, of whatever day; more than a person would look through. */
const URGENT = 200;
/** The sums of the day are asked for once things have calmed down. */
const REPORT_AFTER_MS = 300;
const OPEN = ["awaiting_code", "processing", "cancelling"];

export const store = {
  payments: new Map(),
  refunds: new Map(),
  devices: new Map(),
  report: null,
  settings: null,
  rows: ROWS,
  more: false,
};

const listeners = new Set();
let reportTimer = null;

/** Call `listener(what, value)` after every change. */
export function onChange(listener) {
  listeners.add(listener);
}

function changed(what, value) {
  for (const listener of listeners) listener(what, value);
}

export const isFinal = (payment) => !OPEN.includes(payment.status);
export const ofToday = (payment) => payment.createdAt.slice(0, 10) === store.report?.date;

const rank = (payment) => (isFinal(payment) ? OPEN.length : OPEN.indexOf(payment.status));

/** When the last event about a payment or refund came: an answer that was asked for earlier may be older than it. */
const heard = new Map();

/** Keep what is newer: events come in order, answers to calls may be overtaken by them. `asked`: null for an event. */
function isNews(ident, asked) {
  if (asked === null) heard.set(ident, performance.now());
  return asked === null || (heard.get(ident) ?? -1) <= asked;
}

/** Statuses only go forward, whatever the order in which answers come. */
function keep(payment, asked) {
  const before = store.payments.get(payment.id);
  const forward = before === undefined || rank(before) <= rank(payment);
  if (isNews(payment.id, asked) && forward) store.payments.set(payment.id, payment);
}

/** What posd says of a payment, in an event or in the answer to a call made at `asked` (of performance.now()). */
export function putPayment(payment, asked = null) {
  keep(payment, asked);
  changed("payment", store.payments.get(payment.id));
}

/** The same for a refund. */
export function putRefund(refund, asked = null) {
  if (!isNews(refund.id, asked)) return;
  store.refunds.set(refund.id, refund);
  changed("refund", refund);
}

/** The refunds of a payment that are known here, the oldest first. */
export function refundsOf(id) {
  const found = [...store.refunds.values()].filter((refund) => refund.paymentId === id);
  return found.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
}

/** A device has changed. */
export function putDevice(device) {
  store.devices.set(device.name, device);
  changed("device", device);
}

/** Everything anew: after the start, and whenever the connection was lost. */
export async function refresh() {
  const asked = performance.now();
  const [settings, devices, report, doubtful, ...open] = await Promise.all([
    get("/v1/ui-settings"),
    get("/v1/devices"),
    get("/v1/report"),
    list({ attention: true }, URGENT),
    ...OPEN.map((status) => list({ status }, URGENT)),
  ]);
  learn(settings);
  Object.assign(store, { settings, report });
  store.devices = new Map(devices.items.map((device) => [device.name, device]));
  const today = await list({ date: report.date }, store.rows);
  store.more = today.more;
  const running = open.flatMap((found) => found.items);
  for (const payment of [...doubtful.items, ...today.items, ...running]) keep(payment, asked);
  // A payment that was running when the connection was lost, and that none of the lists holds, has ended since.
  const listed = new Set([...today.items, ...running].map((payment) => payment.id));
  const lostSight = [...store.payments.values()].filter((payment) => !isFinal(payment) && !listed.has(payment.id));
  for (const payment of await Promise.all(lostSight.map(({ id }) => get(`/v1/payments/${id}`)))) keep(payment, asked);
  changed("all");
}

/** More rows of today. */
export async function loadMore() {
  store.rows += ROWS;
  const asked = performance.now();
  const today = await list({ date: store.report.date }, store.rows);
  store.more = today.more;
  for (const payment of today.items) keep(payment, asked);
  changed("all");
}

/** The sums of the day, soon. */
export function refreshReport() {
  clearTimeout(reportTimer);
  reportTimer = setTimeout(async () => {
    try {
      const before = store.report?.date;
      store.report = await get("/v1/report");
      if (before !== undefined && before !== store.report.date) turnTheLeaf();
      changed("report");
    } catch {
      // posd is away; when it is back, everything is asked for anew.
    }
  }, REPORT_AFTER_MS);
}

/** A new day: what ended before it and needs no look is let go, so that a page may stay open for weeks. */
function turnTheLeaf() {
  for (const payment of store.payments.values())
    if (isFinal(payment) && !payment.attention && !ofToday(payment)) store.payments.delete(payment.id);
  const kept = (refund) => store.payments.has(refund.paymentId);
  store.refunds = new Map([...store.refunds].filter(([, refund]) => kept(refund)));
  for (const ident of heard.keys()) if (!store.payments.has(ident) && !store.refunds.has(ident)) heard.delete(ident);
}

/** One payment by its id or order number, from posd. */
export async function find(ident) {
  const asked = performance.now();
  const payment = await get(`/v1/payments/${encodeURIComponent(ident)}`);
  putPayment(payment, asked);
  return store.payments.get(payment.id);
}

/** Everything that happened to a payment; makes its refunds known on the way. */
export async function timelineOf(payment) {
  const { items } = await get(`/v1/payments/${payment.id}/timeline`);
  return items;
}

/** Make the refunds of a payment known. */
export async function loadRefunds(payment) {
  if (payment.status !== "paid" || payment.refundedAmount === 0) return;
  const asked = performance.now();
  const items = await timelineOf(payment);
  const idents = items.filter((item) => item.kind === "refund_requested").map((item) => item.details.refund_id);
  for (const refund of await Promise.all(idents.map((ident) => get(`/v1/refunds/${ident}`)))) putRefund(refund, asked);
}
