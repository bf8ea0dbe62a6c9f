"""Mutants are found by syntax, exactly as often as they say."""

import pytest

from tests.mutation import Mutation, MutationError

FIRST = '''
"""A package's module."""

def add(a, b):
    # a comment
    return scale(a + b,
                 factor=2, sign="+")

def scale(value, factor, sign):
    if value is None:
        return None
    result = value * factor
    result += 0
    return result
'''
SECOND = """
class Counter:
    def add(self, a, b):
        self.total = a + b
        return self.total[..., 0]

    def reset(self):
        self.total = 0
"""


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """A package of two modules, one of them in a folder; its name."""
    name = f"mutated_{abs(hash(request.node.name))}"
    inner = tmp_path / name / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").touch()
    (inner.parent / "first.py").write_text(FIRST)
    (inner / "second.py").write_text(SECOND)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def load(source):
    namespace = {}
    exec(source, namespace)
    return namespace


def test_a_subexpression_becomes_another(package):
    mutated = Mutation(package, "value * factor", "value + factor").apply()
    assert mutated.module == f"{package}.first"
    assert mutated.path.name == "first.py"
    assert load(mutated.source)["add"](1, 2) == 5


def test_line_breaks_comments_and_quotes_do_not_matter(package):
    mutated = Mutation(package, "scale((a + b), factor=2, sign='+')", "scale(a - b, factor=2, sign='+')").apply()
    assert load(mutated.source)["add"](5, 2) == 6


def test_a_module_may_be_named_instead_of_its_package(package):
    assert Mutation(f"{package}.first", "a + b", "a - b").apply().module == f"{package}.first"


def test_files_in_folders_of_the_package_are_searched(package):
    mutated = Mutation(package, "self.total[..., 0]", "self.total[..., 1]").apply()
    assert mutated.module == f"{package}.inner.second"
    assert "self.total[..., 1]" in mutated.source


@pytest.mark.parametrize(("within", "module"), [("Counter.add", "inner.second"), ("Counter", "inner.second")])
def test_within_names_the_function_or_class(package, within, module):
    mutated = Mutation(package, "a + b", "a * b", within=within).apply()
    assert mutated.module == f"{package}.{module}"


def test_within_is_a_whole_name(package):
    with pytest.raises(MutationError, match="nowhere"):
        Mutation(package, "a + b", "a * b", within="Count").apply()


def test_statements_become_others(package):
    mutated = Mutation(package, "result = value * factor\nresult += 0", "result = 7").apply()
    assert load(mutated.source)["add"](1, 2) == 7


def test_a_statement_is_removed(package):
    mutated = Mutation(package, "result += 0", "pass").apply()
    assert "result += 0" not in mutated.source
    assert load(mutated.source)["add"](1, 2) == 6


def test_a_statement_may_become_a_call(package):
    mutated = Mutation(package, "if value is None: return None", "print(value)").apply()
    assert "print(value)" in mutated.source


def test_a_call_is_removed_where_it_is_a_statement(package):
    with pytest.raises(MutationError, match="nowhere"):
        Mutation(package, "scale(_1, factor=_2, sign=_3)", "pass").apply()


def test_a_target_of_an_assignment_matches(package):
    mutated = Mutation(package, "self.total", "self.sum", within="reset").apply()
    assert "self.sum = 0" in mutated.source


def test_holes_stand_for_any_expression(package):
    mutated = Mutation(package, "scale(_1, factor=_2, sign=_3)", "scale(_1, factor=_2 + 1, sign=_3)").apply()
    assert load(mutated.source)["add"](1, 2) == 9


def test_the_same_hole_is_the_same_expression(package):
    with pytest.raises(MutationError, match="nowhere"):
        Mutation(package, "scale(_1, factor=_1, sign=_2)", "_1").apply()


def test_what_is_not_there_is_an_error(package):
    with pytest.raises(MutationError, match="has nowhere 'a - b' within add"):
        Mutation(package, "a - b", "a", within="add").apply()


def test_what_is_there_twice_is_an_error_that_says_where(package):
    with pytest.raises(MutationError, match=r"first:6, .*second:4"):
        Mutation(package, "a + b", "a").apply()


def test_times_allows_several_in_one_file(package):
    mutated = Mutation(package, "self.total", "self.sum", within="Counter.add", times=2).apply()
    assert "self.total" not in mutated.source.split("def reset")[0]


def test_several_files_are_an_error_whatever_times_says(package):
    with pytest.raises(MutationError, match="expected in one file, 2 times"):
        Mutation(package, "a + b", "a", times=2).apply()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a +", "a", "is no Python"),
        ("", "a", "empty passage"),
        ("a + b", "a+b", "becomes itself"),
        ("value * factor", "_1", "_1 stands for nothing"),
    ],
)
def test_passages_that_make_no_sense(package, old, new, message):
    with pytest.raises(MutationError, match=message):
        Mutation(package, old, new).apply()


@pytest.mark.parametrize("where", ["no_such_package", "no_such_package.module"])
def test_an_unknown_module_is_an_error(where):
    with pytest.raises(MutationError, match="no module is called"):
        Mutation(where, "a", "b").apply()
