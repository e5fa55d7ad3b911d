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
from django.db.models.expressions import Col, OrderBy
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
    # What Django would make again for each query: a third of the cost of its SQL.
    columns = {}  # by model and alias
    quoted = {}  # the names of columns

    def get_default_columns(self, select_mask, start_alias=None, opts=None, from_parent=None):
        opts = opts or self.query.get_meta()
        alias = start_alias or self.query.get_initial_alias()
        if opts is None or select_mask or from_parent or opts.parents:  # none: a condition is checked alone
            return super().get_default_columns(select_mask, start_alias, opts, from_parent)
        if (opts.model, alias) not in self.columns:
            self.columns[opts.model, alias] = super().get_default_columns(select_mask, alias, opts)
        return list(self.columns[opts.model, alias])

    def compile(self, node):
        if type(node) is not Col or not node.alias:
            return super().compile(node)
        alias, column = node.alias, node.target.column
        if column not in self.quoted:
            self.quoted[column] = self.connection.ops.quote_name(column)
        table = self.quote_cache.get(alias) or self.quote_name_unless_alias(alias)
        return f"{table}.{self.quoted[column]}", []

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
