"""Machine code: kept on disk, made in other processes, and never a reason to fail."""

import multiprocessing
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from zoo.config import config
from zoo.engine import primitives as p
from zoo.engine.compile import compile_graph
from zoo.engine.deferred import DeferredProgram
from zoo.engine.kernels import families
from zoo.engine.machine_code import ahead, store, unit
from zoo.engine.machine_code.unit import CompiledFunction, Unit
from zoo.engine.program import Program
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A cache of its own for each test; functions that other tests loaded are forgotten."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(unit, "_functions", {})
    monkeypatch.setattr(store, "_own_folder", {})
    store._say.cache_clear()
    return tmp_path / "home"


def adding(number):
    """A unit whose function adds `number` to each element."""
    source = f"def add(out):\n    for i in range(out.size):\n        out[i] += {number}\n"
    return Unit("add", source, ("float32[]",))


def result(function):
    array = np.zeros(3, "float32")
    function(array)
    return array.tolist()


def files(home):
    return [path for path in (home / "jit").rglob("*") if path.is_file()]


def test_it_is_compiled_once(home, monkeypatch):
    assert result(CompiledFunction(adding(2))) == [2, 2, 2]
    assert [path.suffix for path in files(home)] == [".code"]
    monkeypatch.setattr("numba.core.dispatcher.Dispatcher.compile", None)       # from now on compiling would fail
    assert result(CompiledFunction(adding(2))) == [2, 2, 2]


@pytest.mark.parametrize("damage", [lambda code: b"", lambda code: code[:20], lambda code: code[:-9],
                                    lambda code: code[:500] + bytes([code[500] ^ 1]) + code[501:]])
def test_a_damaged_file_is_made_anew(home, damage):
    CompiledFunction(adding(3)).load()
    path, = files(home)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert not store.has(adding(3))
    assert result(CompiledFunction(adding(3))) == [3, 3, 3]
    assert store.has(adding(3)) and files(home) == [path]


def test_code_for_another_processor_is_not_used(home, monkeypatch):
    CompiledFunction(adding(4)).load()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(store, "cpu_id", lambda: "riscv64-000000000000")
        store.environment.cache_clear()
        assert not store.has(adding(4))
    store.environment.cache_clear()
    assert store.has(adding(4))                             # now the same folder, but LLVM says another processor
    build = pytest.importorskip("zoo.engine.machine_code.build")
    target = build._target
    monkeypatch.setattr(build, "_target", lambda function: ("x86_64", "pentium", ""))
    CompiledFunction(adding(5)).load()
    monkeypatch.setattr(build, "_target", target)
    compiled = []
    monkeypatch.setattr(store, "keep", lambda unit, code: compiled.append(unit))
    assert result(CompiledFunction(adding(5))) == [5, 5, 5] and compiled == [adding(5)]


def test_a_unit_is_named_by_its_source_its_types_and_what_it_imports(tmp_path, monkeypatch):
    source = "from zoo.engine.cpu import cpu_id\n"
    first = Unit("f", source, ("intp",))
    keys = {first.key, Unit("f", source + "\n", ("intp",)).key, Unit("f", source, ("float32",)).key}
    monkeypatch.setattr(unit, "_text_of", lambda module: f"another text of {module}")
    assert len(keys | {Unit("f", source, ("intp",)).key}) == 4


def test_a_folder_that_cannot_be_written_to(home, tmp_path):
    home.write_text("a file")
    with pytest.warns(RuntimeWarning, match="for this process only"):
        assert result(CompiledFunction(adding(6))) == [6, 6, 6]
    own = store._own_folder[os.getpid()]
    assert store.has(adding(6)) and own.stat().st_mode & 0o077 == 0
    assert store.kept() == []
    store._remove_own_folder(os.getpid())
    assert not own.exists()


def test_no_home_at_all(monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(store, "cache_root", unknown)
    with pytest.warns(RuntimeWarning, match="no home folder is known"):
        assert result(CompiledFunction(adding(7))) == [7, 7, 7]
    store._remove_own_folder(os.getpid())


def test_a_full_disk(home, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "replace", full)
    with pytest.warns(RuntimeWarning, match="No space left on device"):
        assert result(CompiledFunction(adding(8))) == [8, 8, 8]
    assert files(home) == []


def test_what_another_version_left_is_listed_and_removed(home):
    CompiledFunction(adding(9)).load()
    other, stale = home / "jit" / "1-numba0.1-llvmlite0.1", home / "jit" / "rows_0123456789abcdef.py"
    other.mkdir()
    (other / "add-0.code").write_bytes(b"123")
    stale.write_text("def rows(): ...")
    kept = {entry.path: entry for entry in store.kept()}
    assert [kept[path].current for path in (other, stale)] == [False, False] and kept[other].size == 3
    assert [(entry.functions, entry.current) for entry in kept.values() if entry.path not in (other, stale)] == [(1, 1)]
    for path in (other, stale):
        store.remove(kept[path])
    assert store.has(adding(9)) and len(store.kept()) == 1


def test_other_processes_compile(home):
    units = [adding(10), adding(11), Unit("add", "def add(out):\n    return undefined(out)\n", ("float32[]",))]
    outcomes = {outcome.key: outcome.error for outcome in ahead.in_processes(units, 2)}
    assert [outcomes[unit.key] is None for unit in units] == [True, True, False]
    assert "undefined" in outcomes[units[2].key]
    assert [store.has(unit) for unit in units] == [True, True, False]


def test_without_another_process_functions_are_compiled_here(home, monkeypatch):
    monkeypatch.setattr(sys, "executable", None)
    monkeypatch.setattr(ahead, "available_processors", lambda: 2)
    outcome, = ahead.in_processes([adding(12)], 1)
    assert outcome.error == "the Python interpreter is not known"
    functions = [CompiledFunction(adding(number)) for number in (12, 13, 14, 15)]
    ahead.compile_all(functions)
    assert [result(function)[0] for function in functions] == [12, 13, 14, 15]


def graph():
    """Something that compiled kernels do: with a number of its own, so that nothing is loaded yet."""
    return trace(lambda x: p.sqrt_op(p.absolute_op(p.add_op(p.square_op(x), x))), TensorSpec((64, 256))).graph


X = np.random.default_rng(0).normal(size=(64, 256)).astype("float32")


def finished(program):
    """Waits until nothing is compiled in the background any more."""
    limit = time.monotonic() + 300
    while program._pending is not None and not program._pending.is_over:
        assert time.monotonic() < limit
        time.sleep(0.05)
    return program.current


def titles(program):
    """The kernels of a program."""
    return [step.choice.kernel.title for step in program.steps]


def test_numpy_runs_until_compiled_kernels_are_there(home):
    with config.using(jit="background"):
        program = compile_graph(graph())
        first, = program.run(X)
        assert isinstance(program, DeferredProgram) and titles(program) == ["blas.tiled_elementwise"]
        assert titles(finished(program)) == ["jit.one_pass"]
        later, = program.run(X)
        np.testing.assert_allclose(first, later, atol=1e-5)
        assert isinstance(compile_graph(graph()), Program)  # everything is there: nothing to wait for
    with config.using(jit="off"):
        assert titles(compile_graph(graph())) == ["blas.tiled_elementwise"]
    assert files(home)


def test_who_waits_gets_compiled_kernels(home):
    with config.using(jit="background"):
        assert titles(compile_graph(graph(), wait=True)) == ["jit.one_pass"]


def test_what_cannot_be_compiled_in_the_background_stays_with_numpy(monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", None)
    with config.using(jit="background"):
        program = compile_graph(graph())
        assert titles(finished(program)) == ["blas.tiled_elementwise"]
        assert "the Python interpreter is not known" in caplog.text and program.run(X)


def test_a_cache_that_breaks_in_the_background_is_told_and_ends_the_waiting(monkeypatch, caplog):
    def broken():
        raise PermissionError("the cache is gone")

    with config.using(jit="background"):
        program = compile_graph(graph())
        monkeypatch.setattr(store, "writable_folder", broken)
        assert titles(finished(program)) == ["blas.tiled_elementwise"]
        assert "PermissionError: the cache is gone" in caplog.text and program.run(X)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_compiles_for_itself(home):
    with config.using(jit="background"):
        program = compile_graph(graph())
        assert program.current is program._plain            # started in this process
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)                 # of forking with threads
            process = multiprocessing.get_context("fork").Process(target=_in_fork, args=(program,))
            process.start()
        process.join()
        assert process.exitcode == 0
        finished(program)


def _in_fork(program):
    os._exit(0 if titles(finished(program)) == ["jit.one_pass"] else 1)


def test_a_broken_numba_is_named_and_not_used(home, monkeypatch):
    def broken(name):
        if name.startswith(("zoo.engine.machine_code.build", "zoo.engine.kernels.jit")):
            raise AttributeError("module 'llvmlite' has no attribute 'opaque'")
        return None

    families.load.cache_clear()
    ahead.numba_problem.cache_clear()
    monkeypatch.setattr(families, "_unusable", {})
    monkeypatch.setattr(ahead, "import_module", broken)
    try:
        with pytest.warns(RuntimeWarning, match="llvmlite"):
            program = compile_graph(graph())
        assert titles(program) == ["blas.tiled_elementwise"]
        assert titles(compile_graph(graph())) == ["blas.tiled_elementwise"]     # without a second warning
    finally:
        families.load.cache_clear()
        ahead.numba_problem.cache_clear()


def test_a_process_that_ends_early_leaves_the_other_one_working(home):
    """A run that is over before its kernels are compiled: no message, and the cache is filled afterwards."""
    code = ("import time\nfrom tests.engine.test_machine_code import X, ahead, graph, compile_graph\n"
            "compile_graph(graph()).run(X)\n"
            "while not ahead.processes: time.sleep(0.01)\n")
    environment = {**os.environ, "ZOO_JIT": "background", "PYTHONWARNINGS": "error"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stderr) == (0, "")
    limit = time.monotonic() + 300
    while not files(home) or any(path.suffix != ".code" for path in files(home)):
        assert time.monotonic() < limit
        time.sleep(0.1)
