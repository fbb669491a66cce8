/** The keypad: an amount typed by touch or on the keyboard, and what to do with it. */

import { h, isOnButton, shape } from "/ui/dom.js";
import { AT_MOST_FEN, money, parseYuan, typed } from "/ui/money.js";
import { t } from "/ui/words.js";

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "0", "00", "."];
/** Longer than any amount: what a scanner types into the page is seen to be no amount, and not cut to one. */
const DIGITS_AT_MOST = 12;

/**
 * A keypad with `title`, for at most `most` fen, beginning with `fen`, which the first digit replaces if it is `fresh`.
 * `actions(fen)` makes its buttons from the amount (null while there is none); the first of them is what Enter presses,
 * `escape()` is for Escape in an empty keypad.
 */
export function pad({ title, hint, most = AT_MOST_FEN, fen = 0, fresh = false, actions, escape }) {
  let text = fen ? typed(fen) : "";
  const figure = h("output", { class: "figure", "aria-live": "off" });
  const note = h("p", { class: "note" });
  const buttons = h("div", { class: "actions" });
  const element = h(
    "div",
    { class: "pad" },
    h("div", { class: "display" }, h("h2", {}, title), figure, note),
    h(
      "div",
      { class: "keys", role: "group", "aria-label": t("keypad") },
      KEYS.map((key) => button(key, key, key === "." ? t("point") : key, () => type(key))),
      button("clear", t("clear"), t("clear"), clear, "wide"),
      button("erase", shape("erase"), t("erase"), erase),
    ),
    buttons,
  );

  function button(name, face, label, press, kind = "") {
    const properties = { type: "button", class: `key ${kind}`, "data-key": `key-${name}`, "aria-label": label };
    // A finger leaves the focus where it was: Enter after a touch is for the amount, and does not press the key again.
    const touch = (event) => event.preventDefault();
    const pressed = () => {
      claim();
      press();
    };
    return h("button", { ...properties, onclick: pressed, onmousedown: touch }, face);
  }

  /** Whoever types an amount means it when he presses Enter, not the button elsewhere that he used before. */
  function claim() {
    if (!element.contains(document.activeElement)) element.closest("section")?.focus();
  }

  function type(key) {
    const next = (fresh ? "" : text) + key;
    fresh = false;
    const tidy = next.replace(/^0+(?=\d)/, "").replace(/^\./, "0.");
    if (tidy === "0" || (parseYuan(tidy) !== null && tidy.replace(".", "").length <= DIGITS_AT_MOST)) text = tidy;
    draw();
  }

  function erase() {
    text = text.slice(0, -1);
    fresh = false;
    draw();
  }

  function clear() {
    text = "";
    draw();
  }

  function amount() {
    const found = parseYuan(text) ?? 0;
    return found > 0 && found <= most ? found : null;
  }

  function draw() {
    const found = parseYuan(text) ?? 0;
    figure.replaceChildren(h("span", { class: "sign" }, "¥"), text || "0");
    figure.classList.toggle("long", text.length > 9);
    note.textContent = found > most ? t("too_much", { most: money(most) }) : hint;
    note.classList.toggle("wrong", found > most);
    // Buttons stay the same elements while one types, so that a finger or the focus on one does not lose it.
    const made = actions(amount());
    if (buttons.childElementCount === 0) buttons.append(...made.map((each) => each.element));
    made.forEach((each, index) => {
      buttons.children[index].disabled = each.element.disabled;
      if (each.label) buttons.children[index].textContent = each.label;
    });
    run = made[0].run;
  }

  let run = () => {};

  function key(event) {
    const typing = /^[0-9.,]$/.test(event.key) || event.key === "Decimal";
    if (typing) claim();
    if (typing) type(/\d/.test(event.key) ? event.key : ".");
    else if (event.key === "Backspace") erase();
    else if (event.key === "Escape" && text === "") escape?.();
    else if (event.key === "Escape") clear();
    else if (event.key === "Enter" && !isOnButton()) run();
    else return false;
    return true;
  }

  draw();
  return { element, key, amount, clear, draw };
}

/** One of a keypad's own buttons. `run` reads the amount at the moment it is pressed. */
export function action(name, label, kind, enabled, run) {
  const properties = { type: "button", class: `button ${kind}`, "data-key": name, disabled: !enabled };
  return { element: h("button", { ...properties, onclick: run }, label), label, run: enabled ? run : () => {} };
}
