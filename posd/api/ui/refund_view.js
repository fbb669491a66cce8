/** Giving money back: the whole of what is left, or a part of it. */

import { money } from "/ui/money.js";
import { action, pad } from "/ui/pad.js";
import { t } from "/ui/words.js";

/** `refund(amount)` begins it, `back()` leaves; the keypad begins with all that can be given back. */
export function refundView({ payment, refund, back, busy }) {
  const most = payment.amount - payment.refundedAmount;
  const view = pad({
    title: t("refund_title"),
    hint: t("refund_hint", { most: money(most) }),
    most,
    fen: most,
    fresh: true,
    escape: back,
    actions: (amount) => [
      action("refund-now", t("refund_now"), "first warn", amount !== null && !busy(), () => begin()),
      action("back", t("back"), "", true, back),
    ],
  });

  function begin() {
    const amount = view.amount();
    if (amount !== null && !busy()) refund(amount);
  }

  return { ...view, name: "refund", payment: payment.id, focus: () => {}, update: view.draw };
}
