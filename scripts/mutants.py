"""Mutants of a module: its source with one change that alters what the code does.

Docstrings, sentences and annotations (but for the bounds in them) are no behaviour and stay as they
are, and so do declarations that only the type checker or the speed depend on.
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_RELATIONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_NO_BEHAVIOUR = {"slots", "frozen", "gc", "maxsize"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands in the tree: a field of its holder, or an item of a list there."""

    holder: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def put(self, node: ast.AST) -> None:
        """Let ``node`` stand here."""
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the module at ``path``, as the whole source before and after it."""

    path: Path
    line: int
    original: str
    source: str

    def diff(self) -> str:
        """Return the changed lines with one line around them, comments and layout left out."""
        before, after = self.original.splitlines(), self.source.splitlines()
        lines = list(difflib.unified_diff(before, after, n=1, lineterm=""))[3:]
        return "\n".join([f"{self.path}:{self.line}", *lines])


def mutants(path: Path) -> Iterator[Mutant]:
    """Make every mutant of a module, in the order of its source."""
    tree = ast.parse(path.read_text())
    original = ast.unparse(tree)
    seen = {original}
    line = 1
    for place in list(_places(tree)):
        line = getattr(place.node, "lineno", line)
        for node in _variants(place):
            place.put(node)
            source = ast.unparse(ast.fix_missing_locations(tree))
            place.put(place.node)
            if source not in seen:
                seen.add(source)
                yield Mutant(path, line, original, source)


def _places(node: ast.AST) -> Iterator[Place]:
    """Walk over everything below ``node`` that has behaviour."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            for call in ast.walk(value) if value else ():
                if isinstance(call, ast.Call):
                    yield from _places(call)
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.AST) and not _is_without_behaviour(child):
                yield Place(node, field, index if isinstance(value, list) else None, child)
                yield from _places(child)


def _is_without_behaviour(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name(id="__slots__")]):
            return True
        case ast.Constant(value=str(text)):
            return " " in text.strip() or text.startswith("msgspec.")
        case ast.JoinedStr(values=parts):
            text = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
            return " " in text.strip()
        case ast.keyword(arg=str(name)):
            return name in _NO_BEHAVIOUR
        case ast.Call(func=ast.Name(id="NewType" | "TypeVar")):
            return True
    return False


def _variants(place: Place) -> Iterator[ast.AST]:
    """Return what may stand in this place instead; each changes one thing."""
    node = place.node
    if place.field in ("test", "ifs", "guard") and isinstance(
        node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr
    ):
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Compare(left, operators, comparators):
            for index, operator in enumerate(operators):
                for other in _RELATIONS[type(operator)]:
                    changed = [*operators[:index], other(), *operators[index + 1 :]]
                    yield ast.Compare(left, changed, comparators)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
        case ast.BinOp(left, ast.Add() | ast.BitOr() | ast.BitXor(), right):
            yield from (left, right)
        case ast.BinOp(left, operator, right):
            yield ast.BinOp(left, _OPERATORS[type(operator)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(value):
            yield from map(ast.Constant, _other_values(value))
        case ast.Tuple(elements, ast.Load()) if len(elements) > 1 and _may_shrink(place):
            for index in range(len(elements)):
                yield ast.Tuple([*elements[:index], *elements[index + 1 :]], ast.Load())
        case ast.Slice(lower, upper, step):
            if lower is not None:
                yield ast.Slice(None, upper, step)
            if upper is not None:
                yield ast.Slice(lower, None, step)
        case ast.Call(ast.Name(name), arguments, keywords) if name in _FUNCTIONS:
            yield ast.Call(ast.Name(_FUNCTIONS[name], ast.Load()), arguments, keywords)
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Return(None):
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _other_values(value: object) -> tuple[bool | float | str | bytes, ...]:
    match value:
        case bool():
            return (not value,)
        case 0:
            return (1,)
        case int() | float():
            return (value + 1, value - 1)
        case str():
            return (value + "X",)
        case bytes():
            return (value + b"X",)
    return ()


def _may_shrink(place: Place) -> bool:
    """Tell whether a shorter tuple is more than an error of unpacking or a wrong type."""
    if isinstance(place.holder, ast.Assign):
        return not isinstance(place.holder.targets[0], ast.Tuple)
    return not isinstance(place.holder, ast.Subscript)
