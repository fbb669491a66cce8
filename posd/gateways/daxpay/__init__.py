"""DaxPay 2.0.x: an open-source aggregator that the merchant or its agent runs; every answer's ``data`` is signed.

``codec`` joins the parts; ``answers`` reads what comes back, ``operations`` lists every documented call, ``codes`` are
the tables of its words, ``settings`` what the configuration must say. All of it is pure.
"""
