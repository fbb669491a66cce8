"""Figures: what the till counts, in a form that Prometheus reads."""

from __future__ import annotations

import re

from tests.api.conftest import desk as desk  # noqa: PLC0414 - the fixture
from tests.api.conftest import till as till  # noqa: PLC0414 - the fixture
from tests.api.till import Desk, Till, fresh_code

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})? (-?[0-9.e+-]+|NaN|\+Inf)$')

FAMILIES = {
    "posd_attention_payments": "gauge",
    "posd_build_info": "gauge",
    "posd_crashed_tasks": "gauge",
    "posd_device_ready": "gauge",
    "posd_gateway_requests_total": "counter",
    "posd_gateway_seconds": "histogram",
    "posd_journal_bytes": "gauge",
    "posd_journal_payments": "gauge",
    "posd_journal_sync_seconds": "histogram",
    "posd_notifications_total": "counter",
    "posd_payment_final_seconds": "histogram",
    "posd_payment_queries": "histogram",
    "posd_payments_total": "counter",
    "posd_print_queue": "gauge",
    "posd_unresolved_payments": "gauge",
}
"""All there are: a dashboard may rely on them."""


async def scrape(desk: Desk) -> dict[str, float]:
    """Every sample by its name with labels."""
    samples = {}
    for line in (await desk.get("/metrics")).data.decode("utf-8").splitlines():
        if not line.startswith("#"):
            found = SAMPLE.fullmatch(line)
            assert found is not None, line
            samples[found[1] + (found[2] or "")] = float(found[3])
    return samples


async def test_every_family_is_declared(desk: Desk) -> None:
    """Each name comes with its kind and a help text, once; every sample belongs to a family."""
    text = (await desk.get("/metrics")).data.decode("utf-8")
    declared = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    assert sorted(FAMILIES.items()) == sorted(declared)
    assert sorted(FAMILIES) == sorted(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE))
    names = {re.sub(r"_(bucket|sum|count)$", "", name.partition("{")[0]) for name in await scrape(desk)}
    assert names <= FAMILIES.keys()


async def test_payments_are_counted_as_they_end(desk: Desk) -> None:
    """By status and wallet, with the time to the end and the queries it took."""
    await desk.paid()
    await desk.pay(authCode=fresh_code("20", wallet="28"))
    await desk.pay(authCode=fresh_code("10", 1))
    samples = await scrape(desk)
    assert 2 == samples['posd_payments_total{status="paid",wallet="WECHAT"}']
    assert 1 == samples['posd_payments_total{status="failed",wallet="ALIPAY"}']
    assert 3 == samples["posd_payment_final_seconds_count"]
    assert samples["posd_payment_final_seconds_sum"] >= 1
    assert 3 == samples['posd_payment_final_seconds_bucket{le="+Inf"}']
    assert samples["posd_payment_queries_sum"] >= 1
    assert 2 == samples['posd_payment_queries_bucket{le="0.0"}']
    assert 0 == samples["posd_unresolved_payments"]


async def test_gateway_journal_and_devices_are_told(desk: Desk) -> None:
    """Requests by operation with their time, the journal's size and syncs, and whether each device works."""
    crashed_before = (await scrape(desk))["posd_crashed_tasks"]
    await desk.paid()
    samples = await scrape(desk)
    assert 1 == samples['posd_gateway_requests_total{gateway="main",operation="pay",outcome="answered"}']
    assert 1 == samples['posd_gateway_seconds_count{gateway="main",operation="pay"}']
    assert 1 == samples["posd_journal_payments"]
    assert samples["posd_journal_bytes"] > 0
    assert samples["posd_journal_sync_seconds_count"] >= 2
    assert 1 == samples['posd_device_ready{name="front",type="serial"}']
    assert crashed_before == samples["posd_crashed_tasks"]


async def test_an_open_payment_is_told(desk: Desk) -> None:
    """What waits for a code counts as unresolved until it ends."""
    payment = (await desk.pay(wait=0)).json
    assert 1 == (await scrape(desk))["posd_unresolved_payments"]
    await desk.post(f"/v1/payments/{payment['id']}/cancel")
    await desk.payment(payment["id"], wait=30)
    samples = await scrape(desk)
    assert 0 == samples["posd_unresolved_payments"]
    assert 1 == samples['posd_payments_total{status="cancelled",wallet=""}']


async def test_gateway_errors_are_told_by_operation(desk: Desk) -> None:
    """What was no answer, and what could not be asked at all, each with the word for it."""
    await desk.pay(authCode=fresh_code("31"))
    answered = await scrape(desk)
    assert 1 == answered['posd_gateway_requests_total{gateway="main",operation="pay",outcome="no_answer"}']
    assert answered['posd_gateway_requests_total{gateway="main",operation="orderquery",outcome="answered"}'] >= 1
    await desk.till.simulator.pause()
    lost = (await desk.pay(authCode=fresh_code())).json
    assert ("failed", "gateway_unreachable") == (lost["status"], lost["reason"]["code"])
    assert (await scrape(desk))['posd_gateway_requests_total{gateway="main",operation="pay",outcome="not_sent"}'] >= 1


async def test_what_needs_a_look_is_told_whenever_it_comes(desk: Desk) -> None:
    """Long after the end too: an alert would never hear of it if only ends were counted."""
    paid = await desk.paid()
    assert 0 == (await scrape(desk))["posd_attention_payments"]
    order = desk.till.simulator.bank.find(paid["orderNo"])
    assert order is not None
    desk.till.simulator.bank.reverse(order, desk.till.simulator.now_ms())
    await desk.post(f"/v1/reconcile?date={paid['createdAt'][:10]}")
    assert 1 == (await scrape(desk))["posd_attention_payments"]


async def test_paper_that_waits_is_told(desk: Desk) -> None:
    """And the printer that keeps it waiting."""
    desk.till.printer.paper_out()
    await desk.paid()
    samples = await scrape(desk)
    assert 1 == samples["posd_print_queue"]
    while 0 != (samples := await scrape(desk))['posd_device_ready{name="printer",type="tcp"}']:
        assert 1 == samples["posd_print_queue"]


async def test_what_is_switched_off_is_no_device_that_does_not_work(till: Till) -> None:
    """A till without a printer is not one whose printer is lost: nobody is to be called for it."""
    del till.sections["[printer]"]
    async with till.serving() as desk:
        states = {device["name"]: device["state"] for device in (await desk.get("/v1/devices")).json["items"]}
        assert "disabled" == states["printer"]
        assert ["front"] == [
            re.findall('name="(.*?)"', name)[0] for name in await scrape(desk) if "device_ready" in name
        ]
