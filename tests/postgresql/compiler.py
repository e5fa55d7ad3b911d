"""Queries without an order return their rows in a random one; row locks name the tables that they lock.

Rows without an order come back as they were written, mostly: code that counts on it works until it does not.
``FOR UPDATE`` without ``OF`` locks the rows of all joined tables, in an order that nobody chose.
"""

from django.db.backends.postgresql.compiler import (
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
from django.db.backends.postgresql.compiler import SQLCompiler as PostgresCompiler
from django.db.models.expressions import OrderBy
from django.db.models.functions import Random

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]


class Shuffled(Random):
    def get_group_by_cols(self):
        return []


SHUFFLED = OrderBy(Shuffled())


class SQLCompiler(PostgresCompiler):
    def get_order_by(self):
        order = super().get_order_by()
        if order or not self._is_left_to_luck():
            return order
        return [(SHUFFLED, ("RANDOM()", (), False))]

    def _order_by_pairs(self):
        """Django's pairs, without the hash of each selected column that it takes in case it is ordered by.

        Names never refer to such a column. The hashes are a tenth of what a page costs.
        """
        columns = self.select
        if not self.query.combinator and all(isinstance(name, str) for name in self.query.order_by):
            self.select = [column for column in columns if column[-1]]  # these have a name of their own
        try:
            return list(super()._order_by_pairs())
        finally:
            self.select = columns

    def get_from_clause(self):
        tables, values = super().get_from_clause()
        if self.query.select_for_update and not self.query.select_for_update_of and len(tables) > 1:
            raise RuntimeError(f"name the tables to lock, select_for_update(of=…), among: {tables}")
        return tables, values

    def _is_left_to_luck(self):
        """True for a plain query of rows: no part of another one, no slice, no one row of sums."""
        query = self.query
        is_part = query.subquery or query.combinator or query.distinct or query.is_sliced
        is_sum = query.group_by is None and any(column.contains_aggregate for column, *_ in self.select)
        return not (is_part or is_sum)
