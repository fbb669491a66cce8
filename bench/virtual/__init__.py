"""In virtual time: the same customers at one gateway, served by posd and by the schedules of others.

``customers`` says who comes, ``network`` what becomes of requests, ``references`` how others ask, ``till`` is posd.
"""
