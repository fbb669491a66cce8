/** Making and replacing parts of the page without markup in strings. */

const SVG = "http://www.w3.org/2000/svg";

const present = (children) => children.flat().filter((child) => ![null, undefined, false].includes(child));

/** An element: properties that begin with "on" are listeners, false and null are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...present(children));
  return element;
}

/** One of the shapes in index.html. It stands beside its word, so it is not read aloud. */
export function shape(name, kind = "shape") {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", `${kind} ${name}`);
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  picture.append(use);
  return picture;
}

/** A ring that empties; `ring.part(0…1)` says how much is left. */
export function ring() {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "ring");
  picture.setAttribute("viewBox", "0 0 120 120");
  picture.setAttribute("aria-hidden", "true");
  const [track, rest] = ["track", "rest"].map((kind) => {
    const circle = document.createElementNS(SVG, "circle");
    for (const [name, value] of [["class", kind], ["cx", 60], ["cy", 60], ["r", 54], ["pathLength", 100]])
      circle.setAttribute(name, value);
    return circle;
  });
  picture.append(track, rest);
  const bounded = (share) => Math.max(0, Math.min(1, share));
  return { picture, part: (share) => rest.setAttribute("stroke-dasharray", `${bounded(share) * 100} 100`) };
}

/** Put new children into a container; what had the focus keeps it, by its data-key. */
export function fill(container, ...children) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset?.key : undefined;
  container.replaceChildren(...present(children));
  if (key !== undefined) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** Whether Enter presses what has the focus. */
export function isOnButton() {
  return document.activeElement?.matches("button, summary") ?? false;
}

/** Whether keys go into a field, so that they are not for the keypad. */
export function isTyping() {
  return document.activeElement?.matches("input, textarea, select") ?? false;
}
