"""A value worked out when it is first asked for, for objects that live for one turn in one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # a decorator, named like `property`
    """Like `functools.cached_property` without its lock, which up to Python 3.11 costs more than most values here."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[T] | T:
        """Work the value out and leave it in the instance, where it is found before this is asked again."""
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work_out(instance)
        return found
