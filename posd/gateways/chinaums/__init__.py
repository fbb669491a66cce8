"""ChinaUMS (银联商务): two interfaces behind one host and one signature.

``poslink`` takes bar codes and faces; ``netpay`` (APP综合支付) makes orders that the customer pays by himself: of its
six order calls one gives a code to scan, Alipay's ``trade/precreate``. Requests are signed in the ``Authorization``
header (``wire``), notifications by a key behind their text (``notices``). Answers are not signed: that they are the
platform's own is TLS's word alone. ``codec`` joins the parts, ``operations`` lists every documented call, ``codes``
are the tables of words. All of it is pure.
"""
