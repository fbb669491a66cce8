/** One payment, from the moment it waits for a code to long after its end. */

import { fill, h, isOnButton, ring, shape } from "/ui/dom.js";
import { money } from "/ui/money.js";
import { isFinal, refundsOf, store, timelineOf } from "/ui/store.js";
import { locale, reasonText, t, walletName } from "/ui/words.js";

/** Often enough for seconds that are never late by more than the eye sees. */
const TICK_MS = 100;

/**
 * `act` has: cancel, refund, print, printRefund; each takes the payment (or the refund). `leave` takes the key press
 * that led to it, if one did.
 */
export function paymentView(ident, act) {
  const element = h("div", { class: "payment" });
  let drawn = null;
  let tick = () => {};
  let timeline = [];
  let timelineOfState = null;
  let opened = false;
  const timer = setInterval(() => tick(), TICK_MS);

  function update() {
    // A payment of an earlier day stays as it was drawn.
    const payment = store.payments.get(ident);
    if (payment === undefined) return;
    const now = JSON.stringify([payment, refundsOf(ident), locale(), timeline]);
    if (now === drawn) return;
    drawn = now;
    const watch = clock(payment);
    tick = watch.tick;
    fill(element, hero(payment, watch), refunds(payment), facts(payment), happened(payment), buttons(payment));
    tick();
    if (opened) learnTimeline(payment);
  }

  /** Ask for the timeline, once for each state in which the payment is seen. */
  async function learnTimeline(payment) {
    const state = JSON.stringify(payment);
    if (state === timelineOfState) return;
    timelineOfState = state;
    timeline = await timelineOf(payment).catch(() => timeline);
    update();
  }

  function hero(payment, watch) {
    const qr = payment.qrCode !== null && payment.status === "processing";
    return h(
      "div",
      { class: `hero ${payment.status}${qr ? " with-qr" : ""}`, "data-status": payment.status },
      payment.attention && h("p", { class: "flag" }, shape("attention", "small"), t("attention")),
      qr ? h("img", { class: "qr", src: `/v1/payments/${ident}/qr.svg`, alt: t("qr_code") }) : watch.element,
      h("h2", {}, t(payment.status)),
      h("p", { class: "sum" }, money(payment.payAmount ?? payment.amount)),
      qr && watch.element,
      payment.refundedAmount > 0 && h("p", { class: "back" }, `${t("refunded")} ${money(payment.refundedAmount)}`),
      payment.reason ? h("p", { class: "why" }, reasonText(payment)) : hint(payment, qr),
    );
  }

  function buttons(payment) {
    const left = payment.amount - payment.refundedAmount;
    const done = isFinal(payment);
    const voided = payment.status === "cancelled" && payment.submittedAt !== null;
    const mayLeave = done || payment.status !== "awaiting_code";
    const printed = payment.receipt.state === "printed" || payment.receipt.copies > 0;
    return h(
      "div",
      { class: "actions" },
      !done && payment.status !== "cancelling" && button("cancel", t("cancel"), "warn", () => act.cancel(payment)),
      mayLeave && button("new", t("new_payment"), done ? "first" : "", () => act.leave()),
      payment.status === "paid" &&
        button("print", t(printed ? "reprint_copy" : "reprint"), "", () => act.print(payment)),
      voided && button("print", t("void_slip"), "", () => act.print(payment)),
      payment.status === "paid" && left > 0 && button("refund", t("refund"), "", () => act.refund(payment)),
    );
  }

  function refunds(payment) {
    const known = refundsOf(payment.id);
    if (known.length === 0) return null;
    return h(
      "section",
      { class: "refunds" },
      h("h3", {}, t("refunds")),
      h("ul", {}, known.map((refund) => h(
        "li",
        { "data-refund": refund.status },
        h("span", { class: "word" }, t(`refund_${refund.status}`)),
        h("span", { class: "sum" }, money(refund.amount)),
        h("span", { class: "dim" }, refund.createdAt.slice(11, 19)),
        refund.status === "succeeded" &&
          button(`slip-${refund.id}`, t("reprint_refund"), "small", () => act.printRefund(refund)),
      ))),
    );
  }

  function happened(payment) {
    const toggle = () => {
      opened = !opened;
      if (opened) learnTimeline(payment);
    };
    const line = (item) => h("li", {}, h("time", {}, item.at.slice(11, 23)), item.text);
    return h(
      "details",
      { class: "timeline", open: opened },
      h("summary", { "data-key": "timeline", onclick: toggle }, t("timeline")),
      h("ol", { lang: "en" }, timeline.map(line)),
    );
  }

  function key(event) {
    const payment = store.payments.get(ident);
    const done = payment === undefined || isFinal(payment);
    if (done && (/^\d$/.test(event.key) || (event.key === "Enter" && !isOnButton()))) {
      act.leave(event);
      return true;
    }
    if (event.key !== "Escape") return false;
    if (done || payment.status === "cancelling") act.leave();
    // Nothing was sent yet: giving up is free. Later it takes the button itself, which is where Escape leads.
    else if (payment.status === "awaiting_code") act.cancel(payment);
    else element.querySelector('[data-key="cancel"]')?.focus();
    return true;
  }

  update();
  return {
    element,
    key,
    update,
    name: "payment",
    payment: ident,
    focus: () => element.querySelector('[data-key="new"].first')?.focus(),
    close: () => clearInterval(timer),
  };
}

function button(key, label, kind, press) {
  return h("button", { type: "button", class: `button ${kind}`, "data-key": key, onclick: press }, label);
}

function hint(payment, qr) {
  if (isFinal(payment)) return null;
  const name = { awaiting_code: "awaiting_hint", processing: "processing_hint", cancelling: "cancelling_hint" };
  return h("p", { class: "why" }, t(qr ? "qr_hint" : name[payment.status]));
}

/** The seconds of the window, by posd's own word when it ends; a shape for every other state. */
function clock(payment) {
  if (payment.windowEndsAt === null) return { element: shape(payment.status), tick: () => {} };
  const ends = Date.parse(payment.windowEndsAt);
  const whole = Math.max(1, ends - Date.parse(payment.submittedAt));
  const { picture, part } = ring();
  const figure = h("span", { class: "seconds" });
  const unit = h("span", { class: "unit" }, t("seconds"));
  const element = h("div", { class: "countdown", role: "timer", "aria-live": "off" }, picture, figure, unit);
  const tick = () => {
    const left = ends - Date.now();
    part(left / whole);
    const text = left > 0 ? String(Math.ceil(left / 1000)) : "0";
    if (figure.textContent === text) return;
    figure.textContent = text;
    figure.classList.toggle("long", text.length > 2);
  };
  return { element, tick };
}

function facts(payment) {
  const copies = payment.receipt.copies ? `, ${t("copies", { count: payment.receipt.copies })}` : "";
  const receipt = payment.receipt.state === "none" ? null : t(`receipt_${payment.receipt.state}`) + copies;
  const rows = [
    ["order_amount", payment.coupAmount ? money(payment.amount) : null],
    ["discount", payment.coupAmount ? `-${money(payment.coupAmount)}` : null],
    ["really_paid", payment.coupAmount ? money(payment.payAmount) : null],
    ["refunded", payment.refundedAmount ? money(payment.refundedAmount) : null],
    ["wallet", payment.wallet && walletName(payment.wallet)],
    ["receipt", receipt],
    ["reference", payment.reference],
    ["time", payment.createdAt.slice(0, 19).replace("T", " ")],
    ["order_no", payment.orderNo],
    ["trade_no", payment.tradeNo],
    ["channel_trade_no", payment.channelTradeNo],
  ];
  const row = ([name, value]) => h("div", { class: name }, h("dt", {}, t(name)), h("dd", {}, value));
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value).map(row));
}
