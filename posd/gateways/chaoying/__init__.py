"""超赢 Chaoying UnifiedPay 2.5.3: a form goes out, JSON comes back, both signed by MD5 with the agent's key.

``codec`` builds requests; ``reply`` verifies an answer, ``payments``, ``refunds`` and ``notices`` say what it means by
the tables in ``codes``; ``operations`` lists every call of the document.
"""
