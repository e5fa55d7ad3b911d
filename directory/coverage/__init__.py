"""Coverage of the country: the offices and experts that routing would choose, by subject and commune.

A second computation of steps 2 to 9 of the routing rule (``experts/routing/README.md``), for a company of
which nothing is known, over whole sets of communes instead of one commune at a time. Tests compare it with
the engine, cell by cell: a *cell* is one subject in one commune.
"""
