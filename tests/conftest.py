"""What every test shares: Hypothesis profiles, markers by folder, folders in memory, and no skipped browser where
CI=true.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from linkage.stores.neo4j.connection import Access
    from linkage.stores.neo4j.local import LocalServer
    from tests.lib.databases import Place

TESTS = Path(__file__).parent
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

#: A file system in memory, and the bytes that must be free there for the tests to use it. Stores sync every file that
#: they write, and on a busy disk the tests would mostly wait for that; where one crashes, no test looks.
MEMORY, ROOM = Path("/dev/shm"), 2 << 30
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Where the casework is, a test says: nothing of what is tested writes to a server that somebody uses.
for _name in [name for name in os.environ if name.startswith("LINKAGE_CASEWORK_")]:
    del os.environ[_name]

#: Folders whose tests carry the folder's name as a marker.
MARKED_FOLDERS = ("contract", "e2e", "property", "reliability", "scenario")

# The same examples on every run: a failure belongs to the change that shows it. `HYPOTHESIS_PROFILE=explore` looks
# for new ones.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A Neo4j server of this session's own, that a test may stop and start; absent in CI is a failure."""
    from tests.lib import neo4j

    server = neo4j.local_server(tmp_path_factory.mktemp("neo4j"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def neo4j_access(request: pytest.FixtureRequest) -> Access:
    """The server that NEO4J_URI names, which must be empty, or this session's own."""
    from tests.lib import neo4j

    named = neo4j.named_server()
    return named if named is not None else request.getfixturevalue("neo4j_server").access


@pytest.fixture
def neo4j_empty(neo4j_access: Access) -> Access:
    """A database without content."""
    from tests.lib import neo4j

    neo4j.empty(neo4j_access)
    return neo4j_access


@pytest.fixture(scope="session")
def postgresql() -> Iterator[dict[str, str]]:
    """The environment that names a PostgreSQL server: LINKAGE_TEST_POSTGRES, or this session's own; as above in CI."""
    from tests.lib import databases

    yield databases.given()
    databases.stop()


@pytest.fixture(params=("sqlite", "postgresql"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a database of casework may be made: every test with it runs on each of them."""
    if request.param == "postgresql":
        request.getfixturevalue("postgresql")
    from tests.lib import databases

    found = databases.place(request.param, tmp_path)
    yield found
    found.drop()


def pytest_configure(config: pytest.Config) -> None:
    """Leave the tests that take long out, unless `-m`, `-k` or a path asks for them; soaks only `-m` asks for."""
    if not config.option.markexpr:
        named = config.option.keyword or config.args_source == pytest.Config.ArgsSource.ARGS
        config.option.markexpr = "not soak" if named else "not soak and not long"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true, a test of the screen that was skipped has failed: a green run must mean that it ran."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("e2e"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept for tests of the screen: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """As above, for a module of such tests that skips itself while it is imported."""
    report = yield
    if CI and report.outcome == "skipped" and TESTS / "e2e" in collector.path.parents:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept for tests of the screen: {report.longrepr}"
    return report
