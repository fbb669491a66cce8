/** The day: what needs a look on top, then all payments, the newest first, with a search. */

import { fill, h, shape } from "/ui/dom.js";
import { money, yuan } from "/ui/money.js";
import { isFinal, loadMore, ofToday, store } from "/ui/store.js";
import { t, walletName } from "/ui/words.js";

/** `open(id)` shows a payment; `look(text)` asks posd for one that is not listed. */
export function dayView({ open, look, shown }) {
  const sums = h("p", { class: "sums" });
  const field = h("input", {
    type: "search",
    class: "search",
    "data-key": "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("search"),
    "aria-label": t("search"),
    oninput: () => update(),
    onkeydown: searchKey,
  });
  const top = h("div", { class: "look" });
  const rows = h("div", { class: "rows" });
  const element = h(
    "div",
    { class: "ledger" },
    h("div", { class: "head" }, h("h2", {}, t("today")), sums),
    field,
    h("div", { class: "scroll", tabindex: "-1" }, top, rows),
  );

  function searchKey(event) {
    if (event.key === "Escape") {
      field.value = "";
      update();
      field.blur();
    } else if (event.key === "Enter" && field.value.trim()) {
      const [only, other] = matching();
      if (only !== undefined && other === undefined) open(only.id);
      else if (only === undefined) look(field.value.trim());
    } else return;
    event.preventDefault();
  }

  function matching() {
    const wanted = field.value.trim().toLowerCase();
    const all = [...store.payments.values()].sort((one, other) => other.createdAt.localeCompare(one.createdAt));
    if (!wanted) return all.filter(ofToday);
    const texts = (payment) => [
      payment.orderNo, payment.reference, payment.tradeNo, payment.channelTradeNo, yuan(payment.amount),
    ];
    return all.filter((payment) => texts(payment).some((text) => text?.toLowerCase().includes(wanted)));
  }

  function update() {
    const report = store.report;
    const refunded = report?.refunds.count ?? 0;
    sums.replaceChildren(
      t("day_sums", { count: report?.totals.count ?? 0, sum: money(report?.totals.payAmount ?? 0) }),
      ...(refunded ? [h("span", {}, t("day_refunds", { count: refunded, sum: money(report.refunds.amount) }))] : []),
    );
    const found = matching();
    const searching = field.value.trim() !== "";
    const urgent = [...store.payments.values()].filter((payment) => payment.attention || !isFinal(payment));
    urgent.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
    const troubled = urgent.some((payment) => payment.attention);
    const listed = searching ? found : found.filter((payment) => !urgent.includes(payment));
    const heading = h("h3", {}, t(troubled ? "look" : "running"));
    fill(top, searching || urgent.length === 0 ? null : [heading, table(urgent, "look")]);
    top.classList.toggle("troubled", troubled);
    const none = h("p", { class: "none" }, t(searching ? "nothing_found" : "nothing_today"));
    const instead = searching || urgent.length === 0 ? none : null;
    fill(rows, listed.length ? table(listed.slice(0, store.rows), "row") : instead, more(listed.length));
  }

  function table(payments, kind) {
    return h("ul", { class: "payments" }, payments.map((payment) => h("li", {}, row(payment, kind))));
  }

  function row(payment, kind) {
    const back = `${t("refunded")} ${money(payment.refundedAmount)}`;
    const part = payment.refundedAmount > 0 && h("span", { class: "part" }, back);
    const wallet = payment.wallet ? walletName(payment.wallet) : "";
    const number = payment.reference ?? `…${payment.orderNo.slice(-8)}`;
    const today = ofToday(payment);
    return h(
      "button",
      {
        type: "button",
        class: "row",
        "data-key": `${kind}-${payment.id}`,
        "data-order": payment.orderNo,
        "data-status": payment.status,
        "aria-current": payment.id === shown() ? "true" : null,
        onclick: () => open(payment.id),
      },
      shape(payment.attention && isFinal(payment) ? "attention" : payment.status, "small"),
      h("span", { class: "state" }, t(`row_${payment.status}`), payment.attention && h("b", {}, t("attention")), part),
      h("span", { class: "what" }, wallet, h("small", {}, number)),
      h("time", {}, today ? payment.createdAt.slice(11, 16) : payment.createdAt.slice(5, 16).replace("T", " ")),
      h("span", { class: "sum" }, money(payment.payAmount ?? payment.amount)),
    );
  }

  function more(count) {
    if (!(store.more || count > store.rows) || field.value.trim()) return null;
    return h("button", { type: "button", class: "button more", "data-key": "more", onclick: loadMore }, t("more"));
  }

  update();
  return { element, update };
}
