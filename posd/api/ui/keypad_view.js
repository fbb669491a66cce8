/** The till at rest: type an amount, then scan or show a code. */

import { action, pad } from "/ui/pad.js";
import { t } from "/ui/words.js";

/** `start(amount, method)` begins a payment; `busy()` says that one is just being begun. */
export function keypadView({ start, busy, fen }) {
  const view = pad({
    title: t("amount"),
    hint: t("amount_hint"),
    fen,
    actions: (amount) => {
      const able = amount !== null && !busy();
      return [
        action("scan", t("scan_now"), "first", able, () => begin()),
        action("qr", t("show_qr"), "", able, () => begin("qr")),
      ];
    },
  });

  function begin(method) {
    const amount = view.amount();
    if (amount !== null && !busy()) start(amount, method);
  }

  return { ...view, name: "keypad", focus: () => {}, update: view.draw };
}
