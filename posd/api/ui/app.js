/** The cashier page. What it shows is what posd says; what the cashier does goes to posd, and the answer comes back. */

import { call, post, Problem, Unreachable } from "/ui/api.js";
import { barView } from "/ui/bar_view.js";
import { keepConnected } from "/ui/connection.js";
import { dayView } from "/ui/day_view.js";
import { fill, h, isTyping } from "/ui/dom.js";
import { keypadView } from "/ui/keypad_view.js";
import { money } from "/ui/money.js";
import { paymentView } from "/ui/payment_view.js";
import { pending, repeat, send } from "/ui/pending.js";
import { refundView } from "/ui/refund_view.js";
import {
  find, isFinal, loadRefunds, onChange, putDevice, putPayment, putRefund, refresh, refreshReport, store,
} from "/ui/store.js";
import { locale, problemText, t } from "/ui/words.js";

/** Long enough to be read, short enough not to be in the way. */
const TOLD_MS = 5_000;
const SHOWN = "posd.shown";
/** Payments and refunds: never two at once. */
const MONEY = "money";
const SCANS = {
  not_armed: "scanned_unarmed",
  not_a_payment_code: "scanned_goods",
  already_used: "scanned_used",
  wallet_mismatch: "scanned_mismatch",
};

const part = (name) => document.getElementById(name);
let view = null;
let day = null;
let standing = null;
const underWay = new Set();
let toldTimer = null;

const bar = barView(part("bar"), {
  test: (name) => attempt("test", async () => {
    const tested = await post(`/v1/devices/${encodeURIComponent(name)}/test`);
    say(t("tested", { name, state: t(tested.state ?? store.devices.get(name).state) }));
  }),
  drawer: () => attempt("drawer", async () => {
    await post("/v1/drawer/open");
    say(t("drawer_opened"));
  }),
  signOut: () => attempt("sign-out", async () => {
    await call("DELETE", "/ui/session");
    otherPages.postMessage("signed out");
    forgetAll();
  }),
  turned: turn,
});

/** The other pages of this browser are signed out with this one: else their events would go on. */
const otherPages = new BroadcastChannel("posd.sign-out");
otherPages.onmessage = forgetAll;

/** Nothing of the till is left in the page; it begins anew at the door. */
function forgetAll() {
  sessionStorage.removeItem(SHOWN);
  location.reload();
}

// --- what is said beside the views

function say(text) {
  clearTimeout(toldTimer);
  part("told").textContent = text;
  part("told").hidden = false;
  toldTimer = setTimeout(() => (part("told").hidden = true), TOLD_MS);
}

/**
 * Run something that calls posd, one of its name at a time: a second press is no second deed. What posd refuses is
 * said, what it leaves unanswered is the banner's business.
 */
async function attempt(name, deed) {
  if (underWay.has(name)) return;
  underWay.add(name);
  view?.update();
  try {
    await deed();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) lookAgain();
    else if (error instanceof Problem) say(problemText(error));
    else if (error instanceof Unreachable) lookAgain();
    else throw error;
  } finally {
    underWay.delete(name);
    view?.update();
  }
}

// --- the till

function show(next) {
  view?.close?.();
  view = next;
  fill(part("till"), view.element);
  if (view.name === "payment") sessionStorage.setItem(SHOWN, view.payment);
  else sessionStorage.removeItem(SHOWN);
  if (!isTyping()) part("till").focus({ preventScroll: true });
  view.focus();
  day?.update();
}

const busy = () => underWay.has(MONEY);

function rest(fen = 0) {
  show(keypadView({ start, busy, fen }));
}

function open(id) {
  if (!store.payments.has(id)) return look(id);
  const payment = store.payments.get(id);
  show(paymentView(id, { cancel, print, printRefund, refund: askRefund, leave }));
  loadRefunds(payment).catch(() => {});
}

/** Back to the keypad; a digit that was typed at the end of a payment begins the next amount. */
function leave(event) {
  rest();
  if (event !== undefined && event.key !== "Enter") view.key(event);
}

function start(amount, method) {
  move(() => send("/v1/payments", method ? { amount, method } : { amount }));
}

/** Begin a payment or a refund, and show it. */
function move(request) {
  attempt(MONEY, async () => {
    const asked = performance.now();
    const answer = await request();
    if ("refundNo" in answer) {
      putRefund(answer, asked);
      if (!store.payments.has(answer.paymentId)) await find(answer.paymentId);
      open(answer.paymentId);
    } else {
      putPayment(answer, asked);
      open(answer.id);
    }
  });
}

function cancel(payment) {
  attempt("cancel", async () => {
    const asked = performance.now();
    putPayment(await post(`/v1/payments/${payment.id}/cancel`), asked);
  });
}

function print(payment) {
  attempt("print", async () => {
    await post(`/v1/payments/${payment.id}/receipt`);
    say(t("printing"));
  });
}

function printRefund(refund) {
  attempt("print", async () => {
    await post(`/v1/refunds/${refund.id}/receipt`);
    say(t("printing"));
  });
}

function askRefund(payment) {
  const back = () => open(payment.id);
  const refund = (amount) => move(() => send(`/v1/payments/${payment.id}/refunds`, { amount }));
  show(refundView({ payment, refund, back, busy }));
}

function look(text) {
  attempt("look", async () => open((await find(text)).id));
}

// --- what posd tells

onChange((what, value) => {
  if (what === "payment" && view?.payment === value.id && view.name === "payment") ended(value);
  if (what === "refund") refreshReport();
  if (what === "payment") refreshReport();
  if (what === "device" || what === "all") bar.update();
  view?.update();
  day?.update();
});

/** Say the end of the payment on the screen aloud, and put the focus where the next step is. */
let spoken = null;
function ended(payment) {
  const words = `${t(payment.status)} ${money(payment.payAmount ?? payment.amount)}`;
  if (spoken === payment.id + payment.status) return;
  spoken = payment.id + payment.status;
  part("spoken").textContent = words;
  view.update();
  if (isFinal(payment) && !isTyping()) view.focus();
}

function scanned(scan) {
  const receipt = scan.reason === null || scan.reason === undefined;
  if (!receipt) return say(t(SCANS[scan.reason]));
  // Goods are the POS's business; only what is an order number of ours is a receipt.
  const known = [...store.payments.values()].find((payment) => payment.orderNo === scan.text);
  if (known !== undefined) return open(known.id);
  if (scan.text.includes(store.settings.terminal)) look(scan.text);
}

/** How the receipt of a payment stands is part of the payment. */
function printed(job) {
  if (job.paymentId !== null) find(job.paymentId).catch(() => {});
}

const events = {
  payment: (payment) => putPayment(payment),
  refund: (refund) => putRefund(refund),
  device: putDevice,
  scan: scanned,
  print: printed,
};

// --- the line to posd

function stand(where) {
  standing = where;
  part("door").hidden = where !== "out";
  part("counter").hidden = where === "out" || store.report === null;
  drawBanner();
}

function drawBanner() {
  const shown = standing === "down";
  part("banner").hidden = !shown;
  part("banner").textContent = shown ? t(pending() ? "down_pending" : "down") : "";
  document.body.classList.toggle("is-down", shown);
}

function down() {
  stand("down");
}

/** A call was not answered: the line is looked after at once, and the banner stands until it is known to be well. */
function lookAgain() {
  down();
  reconnect();
}

async function up() {
  await refresh();
  const before = standing;
  stand("up");
  if (day === null) furnish();
  else if (before === "out") turn();
  else if (before === "down") say(t("back_up"));
  const left = pending();
  if (left !== null) move(() => repeat(left));
}

/** The first time: put up the views and find the payment that was on the screen, or one that is running. */
function furnish() {
  const shown = sessionStorage.getItem(SHOWN);
  turn();
  const running = [...store.payments.values()].filter((payment) => !isFinal(payment));
  running.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
  const first = store.payments.get(shown) ?? running.find((payment) => payment.status !== "cancelling");
  if (first !== undefined) open(first.id);
}

function signedOut() {
  fill(
    part("door"),
    h("h2", {}, t("signed_out")),
    h("p", {}, t("signed_out_how")),
    h("p", {}, h("code", {}, "posd ui")),
    h("p", { class: "dim" }, t("signed_out_then")),
  );
  bar.update();
  stand("out");
}

/** Everything in the language that was chosen. */
function turn() {
  document.documentElement.lang = locale();
  document.title = t("title");
  bar.update();
  drawBanner();
  if (standing === "out") return signedOut();
  day = dayView({ open, look, shown: () => (view?.name === "payment" ? view.payment : null) });
  fill(part("day"), day.element);
  if (view?.name === "refund") askRefund(store.payments.get(view.payment));
  else if (view?.name === "payment") view.update();
  else rest(view?.amount() ?? 0);
}

document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".drop")) bar.close();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || part("counter").hidden) return;
  if (isTyping()) return;
  if (event.key === "Escape" && bar.close()) event.preventDefault();
  else if (event.key === "/") {
    document.querySelector(".search")?.focus();
    event.preventDefault();
  } else if (view?.key(event)) event.preventDefault();
});

document.title = t("title");
document.documentElement.lang = locale();
bar.update();
const reconnect = keepConnected({ up, down, signedOut, event: (kind, value) => events[kind](value) });
