/** The words of the page in both languages. Reasons and wallets come from posd itself. */

const WORDS = {
  "zh-CN": {
    title: "收银台",
    terminal: "终端 {id}",
    language: "语言",
    amount: "收款金额",
    amount_hint: "输入金额，按回车开始扫码",
    too_much: "最多 {most}",
    scan_now: "扫码收款",
    show_qr: "出示收款码",
    clear: "清空",
    erase: "删除一位",
    point: "小数点",
    keypad: "数字键盘",
    awaiting_code: "等待扫码",
    processing: "等待顾客付款",
    cancelling: "正在撤销",
    paid: "支付成功",
    failed: "支付失败",
    cancelled: "已撤销",
    awaiting_hint: "请扫描顾客的付款码",
    processing_hint: "请顾客在手机上确认",
    qr_hint: "请顾客扫描二维码",
    cancelling_hint: "正在与支付平台核实，请勿再次收款，确认后会显示结果",
    seconds: "秒",
    qr_code: "收款二维码",
    attention: "请人工核对",
    cancel: "取消收款",
    new_payment: "新的收款",
    refund: "退款",
    reprint: "打印小票",
    reprint_copy: "补打小票",
    void_slip: "打印撤销凭证",
    back: "返回",
    refund_title: "退款金额",
    refund_hint: "最多可退 {most}",
    refund_now: "确认退款",
    refunds: "退款记录",
    refund_processing: "退款处理中",
    refund_succeeded: "已退款",
    refund_failed: "退款失败",
    refund_manual: "需人工退款",
    reprint_refund: "打印退款凭证",
    order_amount: "订单金额",
    discount: "优惠金额",
    really_paid: "实付金额",
    refunded: "已退金额",
    wallet: "支付方式",
    order_no: "订单号",
    reference: "单据号",
    time: "时间",
    trade_no: "平台流水号",
    channel_trade_no: "渠道流水号",
    receipt: "小票",
    receipt_none: "无",
    receipt_queued: "等待打印",
    receipt_printing: "正在打印",
    receipt_printed: "已打印",
    receipt_uncertain: "可能未打印完",
    receipt_failed: "打印失败",
    copies: "补打 {count} 次",
    timeline: "处理过程",
    today: "今日收款",
    day_sums: "{count} 笔，共 {sum}",
    day_refunds: "退款 {count} 笔，共 {sum}",
    search: "搜索订单号，或扫描小票",
    look: "请关注",
    running: "进行中",
    row_awaiting_code: "待扫码",
    row_processing: "待付款",
    row_cancelling: "撤销中",
    row_paid: "已支付",
    row_failed: "失败",
    row_cancelled: "已撤销",
    nothing_today: "今天还没有收款",
    nothing_found: "没有找到",
    more: "显示更早的",
    devices: "设备",
    ready: "正常",
    lost: "未连接",
    fault: "故障",
    disabled: "停用",
    test: "测试",
    tested: "{name}：{state}",
    drawer: "打开钱箱",
    drawer_opened: "钱箱已打开",
    printing: "已发送到打印机",
    scanned_unarmed: "扫到付款码，但没有在收款：请先输入金额",
    scanned_goods: "这不是付款码，请扫描顾客的付款码",
    scanned_used: "付款码已使用，请顾客刷新后重试",
    scanned_mismatch: "付款码与所选支付方式不符",
    down: "收银程序没有响应，正在重新连接。请勿重复收款。",
    down_pending: "收银程序没有响应，刚才的操作尚未确认，恢复后会自动继续。请勿重复收款。",
    back_up: "已重新连接",
    sign_out: "退出登录",
    sign_out_how: "退出后，需在这台机器上运行 posd ui 才能再次登录。",
    signed_out: "请登录",
    signed_out_how: "在这台机器上运行下面的命令，打开它给出的链接：",
    signed_out_then: "登录后本页会自动继续。",
  },
  en: {
    title: "Till",
    terminal: "Terminal {id}",
    language: "Language",
    amount: "Amount",
    amount_hint: "Type the amount, press Enter to scan",
    too_much: "{most} at most",
    scan_now: "Scan now",
    show_qr: "Show QR code",
    clear: "Clear",
    erase: "Erase",
    point: "Point",
    keypad: "Keypad",
    awaiting_code: "Waiting for a scan",
    processing: "Waiting for the customer",
    cancelling: "Cancelling",
    paid: "Paid",
    failed: "Not paid",
    cancelled: "Cancelled",
    awaiting_hint: "Scan the customer's payment code",
    processing_hint: "The customer confirms on the phone",
    qr_hint: "The customer scans this code",
    cancelling_hint: "Being settled with the gateway; take no second payment, the result will show here",
    seconds: "s",
    qr_code: "QR code to pay",
    attention: "Needs a look",
    cancel: "Cancel payment",
    new_payment: "New payment",
    refund: "Refund",
    reprint: "Print receipt",
    reprint_copy: "Reprint receipt",
    void_slip: "Print void slip",
    back: "Back",
    refund_title: "Amount to refund",
    refund_hint: "{most} at most",
    refund_now: "Refund now",
    refunds: "Refunds",
    refund_processing: "Refund in progress",
    refund_succeeded: "Refunded",
    refund_failed: "Refund failed",
    refund_manual: "Refund by hand",
    reprint_refund: "Print refund slip",
    order_amount: "Amount",
    discount: "Discount",
    really_paid: "Paid",
    refunded: "Refunded",
    wallet: "Wallet",
    order_no: "Order no.",
    reference: "Bill no.",
    time: "Time",
    trade_no: "Gateway no.",
    channel_trade_no: "Wallet no.",
    receipt: "Receipt",
    receipt_none: "none",
    receipt_queued: "waiting to print",
    receipt_printing: "printing",
    receipt_printed: "printed",
    receipt_uncertain: "perhaps incomplete",
    receipt_failed: "not printed",
    copies: "{count} copies",
    timeline: "What happened",
    today: "Today",
    day_sums: "{count} paid: {sum}",
    day_refunds: "refunded {count}×: {sum}",
    search: "Order number, or scan a receipt",
    look: "Look at these",
    running: "In progress",
    row_awaiting_code: "To be scanned",
    row_processing: "Waiting",
    row_cancelling: "Cancelling",
    row_paid: "Paid",
    row_failed: "Not paid",
    row_cancelled: "Cancelled",
    nothing_today: "Nothing yet today",
    nothing_found: "Nothing found",
    more: "Show earlier ones",
    devices: "Devices",
    ready: "ready",
    lost: "not connected",
    fault: "fault",
    disabled: "switched off",
    test: "Test",
    tested: "{name}: {state}",
    drawer: "Open drawer",
    drawer_opened: "The drawer is open",
    printing: "Sent to the printer",
    scanned_unarmed: "A payment code was scanned, but nothing waits for one: type the amount first",
    scanned_goods: "That is no payment code; scan the customer's payment code",
    scanned_used: "That code was used already; ask the customer to refresh it",
    scanned_mismatch: "That code belongs to another wallet",
    down: "posd does not answer; reconnecting. Do not charge again.",
    down_pending: "posd does not answer, the last step is not confirmed; it goes on by itself. Do not charge again.",
    back_up: "Connected again",
    sign_out: "Sign out",
    sign_out_how: "To come back, somebody has to run posd ui on this machine.",
    signed_out: "Please sign in",
    signed_out_how: "On this machine, run this command and open the link it prints:",
    signed_out_then: "This page goes on by itself once you are signed in.",
  },
};

const PROBLEMS_ZH = {
  terminal_busy: "另一笔收款正在等待扫码，请先完成或取消",
  device_unavailable: "设备不可用，请检查连接",
  method_not_supported: "支付平台不支持这种收款方式",
  already_paid: "顾客已付款，不能取消；如需退回请退款",
  already_final: "这笔收款已经结束",
  not_refundable: "这笔收款不能退款",
  refund_exceeds_amount: "超过可退金额",
  no_receipt: "没有可打印的小票",
  not_found: "没有找到",
  no_drawer: "没有配置钱箱",
  journal_unavailable: "无法写入记录，未发起收款，请检查磁盘",
  stopping: "收银程序正在停止",
};

const CHOSEN = "posd.locale";
const HOUSE = document.documentElement.lang in WORDS ? document.documentElement.lang : "en";
let settings = { reasons: {}, wallets: {} };

export const LOCALES = { "zh-CN": "中文", en: "English" };

/** The language of the page: the cashier's choice, else that of the terminal. */
export function locale() {
  const chosen = localStorage.getItem(CHOSEN);
  return chosen in WORDS ? chosen : HOUSE;
}

/** The cashier chooses. */
export function choose(name) {
  localStorage.setItem(CHOSEN, name);
}

/** The words that posd gives. */
export function learn(told) {
  settings = told;
}

/** A text, with its {names} filled in. */
export function t(name, values = {}) {
  return WORDS[locale()][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** The name of a wallet. */
export function walletName(code) {
  return code === null ? "–" : (settings.wallets[code]?.[locale()] ?? code);
}

/** Why a payment ended as it did; where it was refused, with the gateway's own words behind it. */
export function reasonText({ reason, status }) {
  const words = settings.reasons[reason.code]?.[locale()] ?? reason.message;
  if (status !== "failed") return words;
  const gateway = [reason.gatewayCode, reason.gatewayMessage].filter(Boolean).join(" ");
  return gateway ? `${words} (${gateway})` : words;
}

/** What posd refused, as a sentence. */
export function problemText(problem) {
  return (locale() === "zh-CN" && PROBLEMS_ZH[problem.code]) || problem.message;
}
