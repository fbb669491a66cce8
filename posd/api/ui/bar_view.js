/** The bar on top: which till this is, how its devices are, and the language. */

import { fill, h, shape } from "/ui/dom.js";
import { store } from "/ui/store.js";
import { LOCALES, choose, locale, t } from "/ui/words.js";

/** Worst first: the bar shows the one that a person has to see to. */
const WORST = ["fault", "lost", "disabled", "ready"];

/** `test(name)`, `drawer()`, and `turned()` after another language was chosen. */
export function barView(element, { test, drawer, turned }) {
  let opened = false;

  function update() {
    fill(
      element,
      h("h1", {}, store.settings?.storeName || t("title")),
      store.settings && h("span", { class: "terminal" }, t("terminal", { id: store.settings.terminal })),
      h("span", { class: "space" }),
      store.settings && devices(),
      languages(),
    );
  }

  function devices() {
    const all = [...store.devices.values()];
    const worst = WORST.find((state) => all.some((device) => device.state === state)) ?? "ready";
    const troubled = all.filter((device) => device.state === worst);
    const word = worst === "ready" ? t("ready") : `${troubled.map((device) => device.name).join(", ")} ${t(worst)}`;
    return h(
      "details",
      { class: `devices ${worst}`, open: opened },
      h(
        "summary",
        { "data-key": "devices", "data-worst": worst, onclick: () => (opened = !opened) },
        shape(worst, "small"),
        `${t("devices")}: ${word}`,
      ),
      h("div", { class: "sheet" }, h("ul", {}, all.map(device)), store.settings.drawer && drawerButton()),
    );
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

  function drawerButton() {
    return h("button", { type: "button", class: "button", "data-key": "drawer", onclick: drawer }, t("drawer"));
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
      const was = opened;
      opened = false;
      if (was) update();
      return was;
    },
  };
}
