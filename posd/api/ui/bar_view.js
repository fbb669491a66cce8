/** The bar on top: which till this is, with the way out; how its devices are; and the language. */

import { fill, h, shape } from "/ui/dom.js";
import { store } from "/ui/store.js";
import { LOCALES, choose, locale, t } from "/ui/words.js";

/** Worst first: the bar shows the one that a person has to see to. */
const WORST = ["fault", "lost", "disabled", "ready"];

/** `test(name)`, `drawer()`, `signOut()`, and `turned()` after another language was chosen. */
export function barView(element, { test, drawer, signOut, turned }) {
  /** The name of the sheet that hangs open, if one does. */
  let opened = null;

  function update() {
    fill(
      element,
      h("h1", {}, store.settings?.storeName || t("title")),
      store.settings && terminal(),
      h("span", { class: "space" }),
      store.settings && devices(),
      languages(),
    );
  }

  /** A button that opens and closes what hangs below it; an open sheet closes the other. */
  function sheet(name, properties, label, ...content) {
    const press = (event) => {
      event.preventDefault();
      opened = opened === name ? null : name;
      update();
    };
    return h(
      "details",
      { class: `drop ${name}`, open: opened === name },
      h("summary", { "data-key": name, ...properties, onclick: press }, label),
      h("div", { class: "sheet" }, content),
    );
  }

  /** Signing out is two steps away: it takes a link to come back. */
  function terminal() {
    const how = h("p", { class: "dim" }, t("sign_out_how"));
    const button = sheetButton("sign-out", signOut, t("sign_out"));
    return sheet("terminal", {}, t("terminal", { id: store.settings.terminal }), how, button);
  }

  function devices() {
    const all = [...store.devices.values()];
    const worst = WORST.find((state) => all.some((device) => device.state === state)) ?? "ready";
    const troubled = all.filter((device) => device.state === worst);
    const word = worst === "ready" ? t("ready") : `${troubled.map((device) => device.name).join(", ")} ${t(worst)}`;
    const label = [shape(worst, "small"), `${t("devices")}: ${word}`];
    const list = h("ul", {}, all.map(device));
    const drawing = store.settings.drawer && sheetButton("drawer", drawer, t("drawer"));
    return sheet("devices", { "data-worst": worst }, label, list, drawing);
  }

  function device(each) {
    return h(
      "li",
      { "data-device": each.name, "data-state": each.state },
      shape(each.state, "small"),
      h("span", {}, h("b", {}, each.name), ` ${t(each.state)}`, each.detail && h("small", { lang: "en" }, each.detail)),
      h(
        "button",
        {
          type: "button",
          class: "button small",
          "data-key": `test-${each.name}`,
          "aria-label": `${t("test")} ${each.name}`,
          onclick: () => test(each.name),
        },
        t("test"),
      ),
    );
  }

  function sheetButton(key, press, label) {
    return h("button", { type: "button", class: "button", "data-key": key, onclick: press }, label);
  }

  function languages() {
    const properties = { class: "languages", role: "group", "aria-label": t("language") };
    return h("div", properties, Object.entries(LOCALES).map(language));
  }

  function language([name, label]) {
    const press = () => {
      choose(name);
      turned();
    };
    const properties = { type: "button", class: "language", lang: name, "data-key": `to-${name}` };
    return h("button", { ...properties, "aria-pressed": String(locale() === name), onclick: press }, label);
  }

  return {
    update,
    /** Escape closes the sheet; true when there was one to close. */
    close() {
      const was = opened !== null;
      opened = null;
      if (was) update();
      return was;
    },
  };
}
