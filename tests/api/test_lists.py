"""Lists, refunds, receipts, devices and the day's figures."""

from __future__ import annotations

import pytest

from tests.api.till import Desk, Till, fresh_code


async def test_pages_are_stable_under_inserts(desk: Desk) -> None:
    """Newest first; what comes meanwhile shifts no page, nothing is missed or told twice."""
    made = [(await desk.paid(100 + number))["id"] for number in range(5)]
    first = (await desk.get("/v1/payments?limit=2")).json
    assert made[:2:-1] == [item["id"] for item in first["items"]]
    await desk.paid()
    second = (await desk.get(f"/v1/payments?limit=2&cursor={first['nextCursor']}")).json
    third = (await desk.get(f"/v1/payments?limit=2&cursor={second['nextCursor']}")).json
    assert made[2::-1] == [item["id"] for item in second["items"] + third["items"]]
    assert third["nextCursor"] is None


async def test_a_page_that_is_just_full_is_the_last(desk: Desk) -> None:
    """No cursor to an empty page."""
    await desk.paid()
    assert (await desk.get("/v1/payments?limit=1")).json["nextCursor"] is None


async def test_filters(desk: Desk) -> None:
    """By date, state, wallet and reference, together too."""
    paid = await desk.paid(reference="B 1/ü")
    failed = (await desk.pay(authCode=fresh_code("20", wallet="28"))).json
    date = paid["createdAt"][:10]

    async def ids(query: str) -> list[str]:
        return [item["id"] for item in (await desk.get(f"/v1/payments?{query}")).json["items"]]

    assert [paid["id"]] == await ids("status=paid")
    assert [failed["id"]] == await ids("wallet=ALIPAY")
    assert [paid["id"]] == await ids("reference=B%201%2F%C3%BC")
    assert [failed["id"], paid["id"]] == await ids(f"date={date}")
    assert [] == await ids("date=2020-01-01")
    assert [] == await ids("status=paid&wallet=ALIPAY")


async def test_what_needs_a_look_is_found(desk: Desk) -> None:
    """By itself and with the other filters; what is in order is not among it."""
    paid = await desk.paid()
    order = desk.till.simulator.bank.find(paid["orderNo"])
    assert order is not None
    desk.till.simulator.bank.reverse(order, desk.till.simulator.now_ms())
    assert [] == (await desk.get("/v1/payments?attention=true")).json["items"]
    await desk.post(f"/v1/reconcile?date={paid['createdAt'][:10]}")
    await desk.paid()
    assert [paid["id"]] == [item["id"] for item in (await desk.get("/v1/payments?attention=true")).json["items"]]
    assert [paid["id"]] == [
        item["id"] for item in (await desk.get("/v1/payments?attention=true&status=paid&limit=1")).json["items"]
    ]
    assert [] == (await desk.get("/v1/payments?attention=true&status=failed")).json["items"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "limit=1&limit=2", "limit=%D9%A1", "date=2026-13-01", "date=20261120",
        "date=", "status=done", "wallet=PAYPAL", "cursor=x", "cursor=%C3%BC", "cursor=", "colour=1", "reference=%00",
        "attention=false", "attention=", "attention=true&attention=true",
        "cursor=cDk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    ],
)  # fmt: skip
async def test_a_bad_query_is_refused(desk: Desk, query: str) -> None:
    """400, with the name in the detail."""
    answer = await desk.get(f"/v1/payments?{query}")
    assert (400, "invalid_request") == answer.code
    assert query.partition("=")[0] in answer.detail


@pytest.mark.parametrize("ident", ["%00", "%ED%A0%80", "%FF", "a%2Fb", "x" * 2000, "%E2%80%A8"])
async def test_strange_names_are_not_found(desk: Desk, ident: str) -> None:
    """Whatever is asked for, the answer is a problem of the caller's."""
    for path in (f"/v1/payments/{ident}", f"/v1/refunds/{ident}", f"/v1/payments/{ident}/timeline"):
        assert (await desk.get(path)).code[0] in {400, 404}


async def test_a_refund(desk: Desk) -> None:
    """Part by part until nothing is left; the amounts count against what the goods cost."""
    payment = (await desk.pay(1250, authCode=fresh_code("02", 25))).json
    path = f"/v1/payments/{payment['id']}/refunds"
    first = await desk.post(f"{path}?wait=20", {"amount": 1000, "reason": "坏了"}, key="a")
    refund = first.json
    assert {
        "id", "refundNo", "paymentId", "amount", "payAmount", "status", "reason", "createdAt", "resolvedAt"
    } == refund.keys()  # fmt: skip
    assert (201, f"/v1/refunds/{refund['id']}") == (first.status, first.headers["Location"])
    assert (payment["id"], 1000, "succeeded", "坏了") == (
        refund["paymentId"],
        refund["amount"],
        refund["status"],
        refund["reason"],
    )
    assert (422, "refund_exceeds_amount") == (await desk.post(path, {"amount": 251}, key="b")).code
    assert "succeeded" == (await desk.post(f"{path}?wait=20", {"amount": 250}, key="c")).json["status"]
    assert 1250 == (await desk.payment(payment["id"]))["refundedAmount"]
    assert (422, "refund_exceeds_amount") == (await desk.post(path, {"amount": 1}, key="d")).code
    assert refund == (await desk.get(f"/v1/refunds/{refund['id']}?wait=1")).json


async def test_what_is_not_paid_is_not_refunded(desk: Desk) -> None:
    """409, and a refund that failed frees its amount again."""
    failed = (await desk.pay(authCode=fresh_code("20"))).json
    refused = await desk.post(f"/v1/payments/{failed['id']}/refunds", {"amount": 1}, key="a")
    assert (409, "not_refundable") == refused.code
    payment = (await desk.pay(authCode=fresh_code("74"))).json
    path = f"/v1/payments/{payment['id']}/refunds?wait=20"
    assert "failed" == (await desk.post(path, {"amount": 1250}, key="b")).json["status"]
    assert 0 == (await desk.payment(payment["id"]))["refundedAmount"]


async def test_the_receipt_as_text_as_picture_and_on_paper(desk: Desk) -> None:
    """As asked for; printed once by itself, then as a copy."""
    payment = await desk.paid()
    path = f"/v1/payments/{payment['id']}/receipt"
    text = await desk.get(path, Accept="text/plain")
    assert "text/plain; charset=utf-8" == text.headers["Content-Type"]
    assert payment["orderNo"] in text.data.decode()
    picture = await desk.get(path, Accept="image/png")
    assert ("image/png", b"\x89PNG") == (picture.headers["Content-Type"], picture.data[:4])
    await desk.until(payment["id"], lambda now: now["receipt"]["state"] == "printed")
    job = await desk.post(path, {"kind": "customer"})
    assert (202, 1) == (job.status, job.json["copyNo"])
    receipts = await desk.till.printer.wait_receipts(2)
    assert "补打" in receipts[1].text
    assert "补打" not in receipts[0].text
    printed = await desk.until(payment["id"], lambda now: now["receipt"]["copies"] == 1)
    assert "printed" == printed["receipt"]["state"]
    assert (400, "invalid_request") == (await desk.post(path, {"kind": "boss"})).code


async def test_no_receipt(desk: Desk) -> None:
    """A failed payment has none: 409 for paper, text and picture."""
    failed = (await desk.pay(authCode=fresh_code("20"))).json
    path = f"/v1/payments/{failed['id']}/receipt"
    for answer in (await desk.post(path), await desk.get(path), await desk.get(path, Accept="image/png")):
        assert (409, "no_receipt") == answer.code


async def test_the_timeline_tells_everything_but_secrets(desk: Desk) -> None:
    """In order, from creation to paper; the code masked."""
    code = fresh_code("10", 1)
    payment = (await desk.pay(authCode=code)).json
    await desk.till.printer.wait_receipts(1)
    answer = await desk.get(f"/v1/payments/{payment['orderNo']}/timeline")
    items = answer.json["items"]
    kinds = [item["kind"] for item in items]
    assert ["created", "submitted"] == kinds[:2]
    assert {"answered", "resolved", "print_queued"} <= set(kinds)
    assert sorted(item["at"] for item in items) == [item["at"] for item in items]
    assert all(item["text"] for item in items)
    assert code.encode() not in answer.data


async def test_devices(till: Till) -> None:
    """Scanner and printer with the type of the configuration; a test prints; what is lost says so."""
    till.sections["[printer]"]["drawer"] = True
    async with till.serving() as desk:
        items = (await desk.get("/v1/devices")).json["items"]
        assert {("front", "serial", "ready"), ("printer", "tcp", "ready")} == {
            (item["name"], item["type"], item["state"]) for item in items
        }
        assert all({"name", "type", "state", "detail", "since"} == item.keys() for item in items)
        assert 202 == (await desk.post("/v1/devices/printer/test")).status
        await till.printer.wait_receipts(1)
        assert 202 == (await desk.post("/v1/devices/front/test", {})).status
        assert (404, "not_found") == (await desk.post("/v1/devices/none/test")).code
        assert 202 == (await desk.post("/v1/drawer/open")).status
        assert 1 == till.printer.drawer_kicks


async def test_no_drawer(desk: Desk) -> None:
    """409 unless it is configured."""
    assert (409, "no_drawer") == (await desk.post("/v1/drawer/open")).code


async def test_the_day(desk: Desk) -> None:
    """Figures of paid payments by wallet, of all by state, of refunds; today without a date."""
    paid = (await desk.pay(1250, authCode=fresh_code("02", 25))).json
    await desk.pay(300, authCode=fresh_code("20", wallet="28"))
    await desk.pay(wait=0)
    refunds = f"/v1/payments/{paid['id']}/refunds?wait=20"
    assert "succeeded" == (await desk.post(refunds, {"amount": 1250}, key="r")).json["status"]
    report = (await desk.get("/v1/report")).json
    sums = {"count": 1, "amount": 1250, "coupAmount": 250, "payAmount": 1000}
    assert {"date", "totals", "byWallet", "byStatus", "refunds", "unresolved"} == report.keys()
    assert (sums, {"WECHAT": sums}, sums) == (report["totals"], report["byWallet"], report["byStatus"]["paid"])
    assert {"paid", "failed", "awaiting_code"} == report["byStatus"].keys()
    assert {"count": 1, "amount": 1250, "payAmount": 1000, "processing": 0} == report["refunds"]
    assert ["awaiting_code"] == [payment["status"] for payment in report["unresolved"]]
    assert report == (await desk.get(f"/v1/report?date={report['date']}")).json
    empty = (await desk.get("/v1/report?date=2020-01-01")).json
    assert ({}, {}, []) == (empty["byWallet"], empty["byStatus"], empty["unresolved"])


async def test_health_and_metrics(desk: Desk) -> None:
    """Health names version, unresolved payments and devices; the metrics are Prometheus text."""
    await desk.paid()
    await desk.pay(wait=0)
    health = (await desk.get("/healthz")).json
    assert ("ok", 1, {"front": "ready", "printer": "ready"}) == tuple(
        health[name] for name in ("status", "unresolved", "devices")
    )
    metrics = await desk.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert b'posd_payments_total{status="paid",wallet="WECHAT"} 1' in metrics.data
    assert b"posd_unresolved_payments 1" in metrics.data
