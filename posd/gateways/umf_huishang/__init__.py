"""UMF 惠商+ (联动优势): bar codes and QR codes, cancel by ``repeal``, refunds that are accepted first and done later.

A request is JSON in the form field ``context``; an answer is JSON as it is. Both are signed SHA1withRSA.
"""
