/** What posd has said, and nothing else: payments, refunds, devices, the day. Views ask to be told of changes. */

import { get, list } from "/ui/api.js";
import { learn } from "/ui/words.js";

/** Rows of the day that are loaded at once; the cashier may ask for more. */
const ROWS = 100;
/** How far back payments that need attention are looked for beyond today. */
const LOOK_BACK = 200;
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

/** Statuses only go forward: an answer that was overtaken by an event does not bring the past back. */
function keep(payment) {
  const before = store.payments.get(payment.id);
  if (before === undefined || rank(before) <= rank(payment)) store.payments.set(payment.id, payment);
}

/** What posd says of a payment. */
export function putPayment(payment) {
  keep(payment);
  changed("payment", store.payments.get(payment.id));
}

/** The same for a refund. */
export function putRefund(refund) {
  const before = store.refunds.get(refund.id);
  if (before !== undefined && before.status !== "processing" && refund.status === "processing") return;
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
  const [settings, devices, report, recent, ...open] = await Promise.all([
    get("/v1/ui-settings"),
    get("/v1/devices"),
    get("/v1/report"),
    list({}, LOOK_BACK),
    ...OPEN.map((status) => list({ status }, LOOK_BACK)),
  ]);
  learn(settings);
  Object.assign(store, { settings, report });
  store.devices = new Map(devices.items.map((device) => [device.name, device]));
  const today = await list({ date: report.date }, store.rows);
  store.more = today.more;
  const looked = recent.items.filter((payment) => payment.attention);
  for (const payment of [...looked, ...today.items, ...open.flatMap((found) => found.items)]) keep(payment);
  // A payment that was running when the connection was lost, and that none of the lists holds any more, has ended since.
  const listed = new Set([...today.items, ...open.flatMap((found) => found.items)].map((payment) => payment.id));
  const lostSight = [...store.payments.values()].filter((payment) => !isFinal(payment) && !listed.has(payment.id));
  for (const payment of await Promise.all(lostSight.map(({ id }) => get(`/v1/payments/${id}`)))) keep(payment);
  changed("all");
}

/** More rows of today. */
export async function loadMore() {
  store.rows += ROWS;
  const today = await list({ date: store.report.date }, store.rows);
  store.more = today.more;
  for (const payment of today.items) putPayment(payment);
  changed("all");
}

/** The sums of the day, soon. */
export function refreshReport() {
  clearTimeout(reportTimer);
  reportTimer = setTimeout(async () => {
    try {
      store.report = await get("/v1/report");
      changed("report");
    } catch {
      // posd is away; when it is back, everything is asked for anew.
    }
  }, REPORT_AFTER_MS);
}

/** One payment by its id or order number, from posd. */
export async function find(ident) {
  const payment = await get(`/v1/payments/${encodeURIComponent(ident)}`);
  putPayment(payment);
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
  const items = await timelineOf(payment);
  const idents = items.filter((item) => item.kind === "refund_requested").map((item) => item.details.refund_id);
  for (const refund of await Promise.all(idents.map((ident) => get(`/v1/refunds/${ident}`)))) putRefund(refund);
}
