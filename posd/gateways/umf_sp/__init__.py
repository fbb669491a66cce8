"""UMF service provider (联动优势服务商): bar codes and faces, cancel of what is paid, close of what is not.

Requests and answers are JSON, notifications a form. All are signed SHA1withRSA, in the field ``signature``, those in
``sign``.
"""
