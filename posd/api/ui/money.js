/** Yuan as people type them, fen as the API takes them: whole numbers all the way, never a fraction. */

export const AT_MOST_FEN = 100_000_000;

/** "12.5" -> 1250; null for what is no amount. */
export function parseYuan(text) {
  const found = /^(\d{1,12})(?:\.(\d{0,2}))?$/.exec(text);
  if (found === null) return null;
  return Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** 1250 -> "12.50", with commas between thousands. */
export function yuan(fen) {
  const whole = String(Math.trunc(fen / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole}.${String(fen % 100).padStart(2, "0")}`;
}

/** 1250 -> "¥12.50"; a dash for what is not known. */
export function money(fen) {
  return fen === null || fen === undefined ? "–" : `¥${yuan(fen)}`;
}

/** 1250 -> "12.5": an amount as one would have typed it. */
export function typed(fen) {
  return yuan(fen).replaceAll(",", "").replace(/\.?0+$/, "") || "0";
}
