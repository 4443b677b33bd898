# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the Python package share: unittest that prints TAP.

A class is a fixture and its test_ methods are tests; SOCKDUP_TEST_FILTER names
some as fixture.name. Each must leave as many descriptors open as it found.
"""

import asyncio
import contextlib
import fnmatch
import gc
import os
import pathlib
import pickle
import shutil
import sys
import tempfile
import traceback
import unittest

BUILD = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUILD / "python"))
os.environ["PYTHONPATH"] = str(BUILD / "python")

import sockdup  # noqa: E402


def descriptors():
    """{number: what it is}"""
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            pass  # The directory's own.
    return found


def sample(name):
    """The path of a sample, among the sources of which this is a build."""
    built = BUILD.parent / "lib/python/samples"
    return (built if built.exists() else pathlib.Path.cwd() / "lib/python/samples") / name


@contextlib.contextmanager
def public_sample(name):
    """(path of a copy of a sample, PYTHONPATH for it), where every user may go: the build
    may be below a home."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        shutil.copytree(BUILD / "python/sockdup", f"{place}/python/sockdup")
        os.mkdir(f"{place}/lib")
        shutil.copy(BUILD / "lib/libsockdup.so.0", f"{place}/lib")
        yield shutil.copy(sample(name), place), f"{place}/python"


class TestCase(unittest.TestCase):
    def assert_error(self, number, function, *arguments, **options):
        """The OSError with this errno, which function must raise."""
        with self.assertRaises(OSError) as caught:
            function(*arguments, **options)
        self.assertEqual(number, caught.exception.errno, caught.exception)
        return caught.exception


def abandoned(waiting):
    """A task that waits for ever, as its loop was closed."""

    async def run():
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0.1)
        return task

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    task = loop.run_until_complete(run())
    loop.close()
    return task


class Child:
    """A child of fork() that runs function(*arguments) once it is told to go on,
    with one more argument, and gives back what it returns or raises."""

    def __init__(self, function, *arguments):
        to_read, self._to = os.pipe()
        self._from, from_write = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            os.close(to_read)
            os.close(from_write)
            return
        try:
            os.close(self._to)
            os.close(self._from)
            argument = pickle.load(open(to_read, "rb", closefd=False))
            try:
                answer = True, function(*arguments, argument)
            except Exception as error:
                answer = False, error
            os.write(from_write, pickle.dumps(answer))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def go_on(self, argument=None):
        """What the function returned, or its exception raised here."""
        os.write(self._to, pickle.dumps(argument))
        os.close(self._to)
        with open(self._from, "rb") as answers:
            answer = answers.read()
        os.waitpid(self.pid, 0)
        well, value = pickle.loads(answer)
        if not well:
            raise value
        return value


class _Result(unittest.TestResult):
    """One line a test, and the reasons of a failure before it."""

    def startTest(self, test):
        super().startTest(test)
        self._reasons = []
        self._before = self.left_open()

    def addFailure(self, test, err):
        self._reasons.append(self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._reasons.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        self._reasons.append(f"a test of these may not be left out: {reason}")

    @staticmethod
    def left_open():
        """Descriptors, of which the handle is always one."""
        sockdup.open()
        gc.collect()
        return descriptors()

    def compare_descriptors(self):
        after = self.left_open()
        if self._before.keys() != after.keys():
            self._reasons.append(f"descriptors before: {self._before}\nand after: {after}")

    def stopTest(self, test):
        super().stopTest(test)
        self.compare_descriptors()
        result = "not ok" if self._reasons else "ok"
        for line in "\n".join(self._reasons).splitlines():
            print("#", line)
        print(result, self.testsRun, name_of(test), flush=True)
        self.all_failed = getattr(self, "all_failed", 0) + bool(self._reasons)


def name_of(test):
    method = test.id().split(".")[-1].removeprefix("test_")
    return f"{type(test).__name__.lower()}.{method}"


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def main():
    pattern = os.environ.get("SOCKDUP_TEST_FILTER", "*")
    module = sys.modules["__main__"]
    tests = [
        test
        for test in tests_of(unittest.defaultTestLoader.loadTestsFromModule(module))
        if fnmatch.fnmatchcase(name_of(test), pattern)
    ]
    print("TAP version 13")
    print(f"1..{len(tests)}", flush=True)
    result = _Result()
    unittest.TestSuite(tests).run(result)
    failed = getattr(result, "all_failed", 0)
    print(f"# {len(tests) - failed} of {len(tests)} passed")
    sys.exit(failed > 0)
