"""The worker pool, its scratch memory, and BLAS kept to one thread."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from zoo.config import config
from zoo.engine import threads
from zoo.engine.threads import Workspace, parallel_for, single_threaded_blas, thread_count


def blas_threads():
    return [library.get_num_threads() for library in threads._blas_libraries()]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_task_is_done_once(count):
    done = []
    with config.using(threads=count):
        parallel_for(100, lambda i, workspace: done.append(i))
    assert sorted(done) == list(range(100))


def test_tasks_run_side_by_side():
    barrier = threading.Barrier(3, timeout=30)
    with config.using(threads=3):
        parallel_for(3, lambda i, workspace: barrier.wait())


def test_short_work_wakes_nobody():
    names = set()
    with config.using(threads=4):
        parallel_for(50, lambda i, workspace: names.add(threading.current_thread().name), seconds=threads.WAKING / 2)
    assert names == {threading.current_thread().name}


def test_nothing_to_do():
    parallel_for(0, lambda i, workspace: 1 / 0)


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_error_reaches_the_caller(count):
    def body(i, workspace):
        if i == 5:
            raise KeyError("task 5")
    with config.using(threads=count), pytest.raises(KeyError, match="task 5"):
        parallel_for(50, body)
    with config.using(threads=count):
        parallel_for(50, lambda i, workspace: None)         # the pool goes on


def test_tasks_inside_tasks_stay_in_their_thread():
    seen = []

    def outer(i, workspace):
        mine = threading.current_thread().name
        kept = workspace.take((4,), "int64")
        kept[:] = i

        def inner(j, workspace):
            seen.append(mine == threading.current_thread().name)
            workspace.take((1000,), "int64").fill(-1)

        parallel_for(10, inner)
        assert (kept == i).all()

    with config.using(threads=3):
        parallel_for(6, outer)
    assert len(seen) == 60 and all(seen)


def test_several_callers_at_once():
    totals = [0] * 4

    def call(k):
        results = np.zeros(200, int)
        parallel_for(200, lambda i, workspace: results.__setitem__(i, i))
        totals[k] = results.sum()

    with config.using(threads=3):
        callers = [threading.Thread(target=call, args=(k,)) for k in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert totals == [199 * 100] * 4


def test_workspace_is_aligned_and_given_back():
    workspace = Workspace()
    with workspace.frame():
        a, b = workspace.take((3, 5)), workspace.take((7,), "float64")
        a[:], b[:] = 1, 2
        large = workspace.take((1 << 16,), "int8")
        assert not np.shares_memory(a, b) and not np.shares_memory(b, large)
        assert all(x.ctypes.data % threads.ALIGNMENT == 0 for x in (a, b, large))
        assert (a == 1).all() and (b == 2).all()
    with workspace.frame():
        first = workspace.take((1,)).ctypes.data
    with workspace.frame():
        assert workspace.take((1,)).ctypes.data == first


def test_blas_is_limited_and_restored():
    before = blas_threads()
    with single_threaded_blas():
        assert set(blas_threads()) <= {1}
        with single_threaded_blas():
            pass
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_blas_stays_limited_until_the_last_run_ends():
    before, inside, leave = blas_threads(), threading.Event(), threading.Event()

    def run():
        with single_threaded_blas():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=run)
    thread.start()
    inside.wait(30)
    with single_threaded_blas():
        pass
    still = set(blas_threads())
    leave.set()
    thread.join()
    assert still <= {1} and blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_pool_of_its_own():
    with config.using(threads=3):
        parallel_for(10, lambda i, workspace: None)         # workers exist, which the child does not have
        before = blas_threads()
        with single_threaded_blas():
            child = os.fork()
            if child == 0:
                done = []
                parallel_for(10, lambda i, workspace: done.append(i))
                os._exit(0 if sorted(done) == list(range(10)) and blas_threads() == before else 1)
            assert os.waitpid(child, 0)[1] == 0


def test_thread_count(tmp_path):
    with config.using(threads=7):
        assert thread_count() == 7
    with config.using(threads=None):
        assert 1 <= thread_count() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("files, quota", [
    ({"cpu.max": "150000 100000"}, [1.5]),
    ({"cpu.max": "max 100000"}, []),
    ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, [4.0]),
    ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, []),
    ({}, []),
])
def test_quotas_of_control_groups(tmp_path, files, quota):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content + "\n")
    assert list(threads._quotas(tmp_path)) == quota


@pytest.mark.parametrize("value, expected", [("3", [3]), (" 2,1 ", [2]), ("", []), ("many", []), ("-1", []), (None, [])])
def test_openmp_says_how_many_threads_there_should_be(value, expected):
    assert list(threads._openmp_threads({} if value is None else {"OMP_NUM_THREADS": value})) == expected


@pytest.mark.parametrize("variables, expected", [({"OMP_NUM_THREADS": "1"}, 1),
                                                 ({"OMP_NUM_THREADS": "1", "ZOO_NUM_THREADS": "2"}, 2)])
def test_a_worker_process_takes_what_it_is_told(variables, expected):
    program = "from zoo.engine.threads import thread_count; print(thread_count())"
    environment = {name: value for name, value in os.environ.items() if name != "ZOO_NUM_THREADS"} | variables
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert int(run.stdout) == expected


def test_joblib_does_not_get_more_threads_than_processors():
    joblib = pytest.importorskip("joblib")
    counts = joblib.Parallel(n_jobs=2)(joblib.delayed(count_in_worker)() for _ in range(2))
    assert sum(counts) <= max(2, os.cpu_count() or 1)


def count_in_worker():
    with config.using(threads=None):
        return thread_count()
