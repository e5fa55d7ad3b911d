"""Queries whose SQL Django writes once per process, for what each sending and each signed-in page looks up.

Writing the SQL takes Django longer than PostgreSQL takes to answer.
"""

import copy
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection, connections
from django.db.models import BooleanField, Func, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")


class _Place(NamedTuple):
    """The place of a value in the SQL, by the name of its argument."""

    name: str


class Among(Func):
    """Condition of a ``PreparedQuery``: a column is one of the keys of an argument that is a list.

    Of a subquery of these keys (``unnest``), the planner may read whole tables when many are joined.
    """

    template, arg_joiner = "(%(expressions)s::bigint[]))", " = ANY("
    output_field = BooleanField()


class PreparedQuery(Generic[Row]):
    """Rows of a queryset that ``build`` makes once, with an argument for each value.

    Values are compared as PostgreSQL takes them, without the conversions of a model's field.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build

    @cached_property
    def _queryset(self) -> QuerySet[Any, Row]:
        names = inspect.signature(self._build).parameters
        return self._build(**{name: RawSQL("%s", [_Place(name)]) for name in names})

    @cached_property
    def _written(self) -> tuple[Any, str, tuple[object, ...]]:
        """Django's compiler after it wrote the SQL, the SQL, and its parameters."""
        compiler = self._queryset.query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        return compiler, sql, tuple(parameters)

    @cached_property
    def _converters(self) -> dict[int, Any]:
        """The converters of the columns read, which Django would look up for each reading."""
        written, *_ = self._written
        found: dict[int, Any] = written.get_converters(
            [column for column, *_ in written.select[: written.col_count]]
        )
        return found

    def rows(self, **values: object) -> list[Row]:
        """Return the rows for these values, as the queryset gives them."""
        written, sql, parameters = self._written
        compiler = copy.copy(written)
        compiler.connection = connections[connection.alias]  # each thread has its own
        compiler.get_converters = lambda expressions: self._converters
        if compiler.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("rows cannot be locked outside of a transaction")
        filled = [values[given.name] if isinstance(given, _Place) else given for given in parameters]
        compiler.as_sql = lambda *args, **kwargs: (sql, filled)
        query = SimpleNamespace(get_compiler=lambda *args, **kwargs: compiler)
        source: Any = SimpleNamespace(db=connection.alias, query=query, _known_related_objects={})
        read: Any = self._queryset._iterable_class  # noqa: SLF001
        return list(read(source))  # instances or tuples

    def first(self, **values: object) -> Row | None:
        """Return the first of the rows; ``None`` without any."""
        return next(iter(self.rows(**values)), None)


def attach(parents: Iterable[Model], name: str, rows: Sequence[Model]) -> None:
    """Give each parent its rows of the relation ``name``, and each row its parent."""
    found: dict[object, list[Model]] = defaultdict(list)
    field: Any = None
    for parent in parents:
        if field is None:
            field = parent._meta.get_field(name).remote_field
            for row in rows:
                found[getattr(row, field.attname)].append(row)
        for row in found[parent.pk]:
            setattr(row, field.name, parent)
        read = getattr(parent, name).get_queryset()
        read._result_cache, read._prefetch_done = found[parent.pk], True  # noqa: SLF001 (Django has no other way)
        parent.__dict__.setdefault("_prefetched_objects_cache", {})[name] = read
