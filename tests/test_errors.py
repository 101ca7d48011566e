import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest
import typer.main

import photochrom
from photochrom import errors
from photochrom.cli.flags import flag, use_flags_of_command
from photochrom.cli.main import app
from photochrom.cli.output import error_line
from photochrom.errors import (
    ConfigError,
    Fields,
    HintError,
    InColorError,
    MissingExtraError,
    Option,
    OutputExistsError,
    PhotochromError,
    PhotoError,
    Remedy,
    see_docs,
)

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and value.__module__ == errors.__name__ and name.endswith("Error")
}
SOURCE = Path(photochrom.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
SURFACES = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in ("cli", "server")]
BELOW_CLI = [path for path in MODULES if path.relative_to(SOURCE).parts[0] != "cli"]


def drawn_tree():
    """Name to parent, read from the tree in the module's docstring."""
    parents, path = {}, []
    for line in inspect.cleandoc(errors.__doc__).splitlines():
        match = re.match(r"([\s│├└─]*)([A-Z]\w+)(?:$|\s{2,}\S)", line)
        if match:
            depth = len(match[1]) // 4
            path[depth - 1 :] = [match[2]]
            parents[match[2]] = path[-2] if len(path) > 1 else None
    return parents


def test_the_tree_is_the_one_that_is_drawn():
    actual = {name: value.__bases__[0].__name__ for name, value in CLASSES.items()}
    drawn = drawn_tree()
    assert drawn.pop("PhotochromError") is None
    assert actual.pop("PhotochromError") == "Exception"
    assert drawn == actual


@pytest.mark.parametrize("name", CLASSES)
def test_one_root_catches_all(name):
    assert issubclass(CLASSES[name], PhotochromError)
    assert CLASSES[name].__doc__


def made(name):
    """An error of a class, with all that one may have."""
    if name == "MissingExtraError":
        return MissingExtraError("training", "train")
    return CLASSES[name](
        Path("a b.jpg"), "is in colour", Remedy("add {} or leave", Option("recolor", True))
    )


def everything(error):
    remedy = error.remedy
    options = remedy.options if isinstance(remedy, Remedy) else ()
    return type(error), error.fields(), error.fields(flag), options, error.args, str(error)


@pytest.mark.parametrize("name", CLASSES)
def test_errors_cross_processes(name):
    error = made(name)
    error.add_note("by a worker")
    again = pickle.loads(pickle.dumps(error))
    assert everything(again) == everything(error)
    assert again.__notes__ == ["by a worker"]


@pytest.mark.parametrize("name", CLASSES)
def test_a_subject_of_another_name(name):
    error = made(name)
    named = error.with_subject("scan.jpg")
    assert type(named) is type(error)
    assert named.fields() == error.fields()._replace(subject="scan.jpg")
    assert str(named).startswith("scan.jpg: ")
    assert error.subject != "scan.jpg"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (("a.jpg", "is empty", "copy it again"), "a.jpg: is empty; copy it again"),
        (("a.jpg", "is empty", None), "a.jpg: is empty"),
        ((None, "nothing to do", "name a photo"), "nothing to do; name a photo"),
        ((None, "nothing to do", None), "nothing to do"),
    ],
)
def test_the_fields_are_one_line(fields, line):
    error = PhotoError(*fields)
    assert (error.subject, error.problem, error.remedy) == fields
    assert str(error) == line == Fields(*fields).line


def test_a_path_is_stored_as_text():
    assert PhotoError(Path("a") / "b.jpg", "is empty").subject == str(Path("a") / "b.jpg")


def test_what_else_errors_are():
    assert isinstance(made("OutputExistsError"), FileExistsError)
    assert isinstance(made("MissingExtraError"), ImportError)
    for name in ("HintError", "ConfigError"):
        assert isinstance(made(name), ValueError)


def test_a_missing_extra_names_the_command():
    assert str(MissingExtraError("training", "train")) == (
        "training: needs extra packages; pip install 'photochrom[train]'"
    )


@pytest.mark.parametrize(
    ("option", "python", "flags"),
    [
        (Option("recolor", True), "recolor=True", "--recolor"),
        (Option("max_pixels"), "max_pixels", "--max-pixels"),
        (Option("jobs", 1), "jobs=1", "--jobs 1"),
        (Option("device", "cpu"), "device='cpu'", "--device cpu"),
        (Option("kind", "l-ab"), "kind='l-ab'", "--model-kind l-ab"),
        (Option("at", (3, 4)), "at=(3, 4)", "--at 3 4"),
    ],
)
def test_an_option_in_python_and_at_the_command_line(option, python, flags):
    assert str(option) == python
    assert flag(option) == flags
    error = ConfigError(option, "is wrong", Remedy("leave out {}", option))
    assert str(error) == f"{python}: is wrong; leave out {python}"
    assert error_line(error) == f"{flags}: is wrong; leave out {flags}"


def test_a_remedy_where_a_surface_lacks_the_option():
    remedy = Remedy("raise {}", Option("max_pixels"), otherwise="make it smaller")
    assert remedy.spelled(lambda _: None) == "make it smaller"
    bare = PhotoError("a.jpg", "is too large", Remedy("raise {}", Option("max_pixels")))
    assert bare.line(lambda _: None) == "a.jpg: is too large"


def test_in_python(colorizer, examples, tmp_path):
    color = examples / "color" / "harbour.jpg"
    with pytest.raises(InColorError) as refused:
        colorizer.colorize(color)
    assert str(refused.value) == (
        f"{color}: is in colour already; add recolor=True to colour it anew"
    )
    target = tmp_path / "cat.jpg"
    target.write_bytes(b"mine")
    result = colorizer.colorize(examples / "cat.jpg")
    with pytest.raises(OutputExistsError) as taken:
        result.save(target)
    assert str(taken.value) == f"{target}: exists already; add overwrite=True to replace it"
    with pytest.raises(PhotoError) as large:
        photochrom.Photo(examples / "cat.jpg", max_pixels=1000)
    assert large.value.remedy.spelled() == "raise max_pixels if that is meant, or make it smaller"
    with pytest.raises(photochrom.ModelError) as unknown:
        photochrom.Colorizer("photochron")
    assert unknown.value.subject == "photochron"
    assert str(unknown.value).startswith("photochron: no such model; did you mean photochrom?")
    with pytest.raises(ConfigError, match=r"^vividness=2: must lie in 0\.\.1$"):
        colorizer.colorize(examples / "cat.jpg", vividness=2)
    with pytest.raises(HintError, match=r"cat\.jpg: hint 1: x is 9999"):
        colorizer.colorize(examples / "cat.jpg", hints=[photochrom.Hint(9999, 0, (0, 0))])


def lines(done):
    return done.stderr.decode().splitlines()


def test_at_the_command_line(photochrom, examples, tmp_path):
    color, cat = examples / "color" / "harbour.jpg", examples / "cat.jpg"
    out = tmp_path / "c.jpg"
    assert lines(photochrom("colorize", color, "-o", out)) == [
        f"photochrom: {color}: is in colour already; add --recolor to colour it anew"
    ]
    out.write_bytes(b"mine")
    assert lines(photochrom("colorize", cat, "-o", out)) == [
        f"photochrom: {out}: exists already; add --overwrite to replace it"
    ]
    large = "451 x 300 are 0.1353 megapixels, the limit here is 0.001"
    assert lines(photochrom("colorize", cat, "--overwrite", "-o", out, "--max-pixels", "1000")) == [
        f"photochrom: {cat}: {large}; raise --max-pixels if that is meant, or make it smaller"
    ]
    [unknown] = lines(photochrom("colorize", cat, "--model", "photochron"))
    assert unknown.startswith("photochrom: photochron: no such model; did you mean photochrom?")
    for command in ("colorize", "variants"):
        [address] = lines(photochrom(command, "s3://bucket/cat.jpg"))
        assert "is an address, not a file" in address


def test_a_command_without_the_flag_shows_the_other_remedy():
    error = PhotoError("a", "b", Remedy("raise {}", Option("max_pixels"), otherwise="do c"))
    command = typer.main.get_command(app)
    for name, remedy in (("colorize", "raise --max-pixels"), ("variants", "do c")):
        with typer.Context(command) as context:
            context.invoked_subcommand = name
            use_flags_of_command(context)
            assert error_line(error) == f"a: b; {remedy}"
    assert error_line(error) == "a: b; raise --max-pixels"


def options_of_errors():
    """Names of all options that the library's errors name."""
    found = set()
    for path in BELOW_CLI:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Option"
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(node.args[0].value)
    return found


def flags_of(command):
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*(flags_of(below) for below in getattr(command, "commands", {}).values()))


def test_every_option_that_errors_name_is_a_flag_of_some_command():
    flags = flags_of(typer.main.get_command(app))
    names = options_of_errors()
    assert {"recolor", "overwrite", "max_pixels", "kind"} <= names
    of_python_alone = {"page", "providers", "variant"}
    assert {name for name in names if flag(Option(name)) not in flags} == of_python_alone


def literals(tree):
    """Every text of a module that is no docstring, the texts of an f-string as one."""
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            inner.update(map(id, node.values))
            yield (
                node,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "X"
                    for part in node.values
                ),
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node, node.value


def names_a_flag(text):
    """Whether a text names a flag of ours; curl's are what a client of the server types."""
    return (
        " " in text
        and "curl" not in text
        and re.search(r"(?<!var\()(?:^|(?<=[\s(`\"']))--[a-z][a-z-]*(?![\w:-])", text)
    )


def test_a_flag_is_seen():
    assert names_a_flag("exists already; add --overwrite to replace it")
    assert names_a_flag("--size 5 is too small")
    assert not names_a_flag("--git-dir=X")


@pytest.mark.parametrize("path", BELOW_CLI, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_library_names_no_flag(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    flags = [f"line {node.lineno}: {text}" for node, text in literals(tree) if names_a_flag(text)]
    assert not flags


def texts_of_errors(tree):
    """Places where the text of an error of ours is taken, by `str`, an f-string or a method."""
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        kinds = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
        if kinds & set(CLASSES):
            for node in (inner for statement in handler.body for inner in ast.walk(statement)):
                taken = None
                if isinstance(node, ast.FormattedValue):
                    taken = node.value
                elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "first_line"):
                    taken = node.args[0]
                elif isinstance(node, ast.Attribute) and node.attr == "args":
                    taken = node.value
                if isinstance(taken, ast.Name) and taken.id == handler.name:
                    yield node.lineno


EDITED = """
try:
    work()
except (OSError, ConfigError) as error:
    raise ConfigError(None, {}) from error
"""


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        ("str(error).removeprefix('--')", True),
        ("f'{error}'", True),
        ("error.args[0]", True),
        ("error.problem", False),
    ],
)
def test_an_edited_text_is_seen(code, taken):
    assert bool([*texts_of_errors(ast.parse(EDITED.format(code)))]) is taken


@pytest.mark.parametrize("path", SURFACES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_surface_edits_the_text_of_an_error(path):
    assert not [*texts_of_errors(ast.parse(path.read_text(encoding="utf-8")))]


EDITS = {"replace", "removeprefix", "removesuffix", "split", "partition", "rpartition", "strip"}


def test_nobody_edits_a_rendered_error():
    edits = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                text = ast.unparse(node.func.value)
                if node.func.attr in EDITS and re.search(r"\.(line\(\w*\)|error|detail)$", text):
                    edits.append(f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}")
    assert not edits


def pages_cited():
    for path in MODULES:
        yield from re.findall(
            r"see_docs\(['\"](\w+)['\"]\)|see the documentation: (\w+)",
            path.read_text(encoding="utf-8"),
            re.IGNORECASE,
        )


def test_the_pages_that_are_cited_are_there(repository):
    pages = {one or other for one, other in pages_cited()} - {""}
    assert {"formats", "hints", "models", "server"} <= pages
    for page in pages:
        assert (repository / "docs" / f"{page}.md").is_file(), page
    assert see_docs("hints") == "see the documentation: hints"
