"""Python concurrency labs on known cores: every number comes with proof of the CPUs it ran on.

invoke labs                                  which labs there are, and what each asks
invoke lab gil --cores 1                     run one, pinned to one core
invoke lab gil --cores 1,2,4 --python 3.14,3.14t
invoke compare gil                           the latest runs side by side
invoke doctor                                what this machine can show
"""

from invoke.context import Context
from invoke.tasks import task

from harness.commandline import command, help_instead, remainder

CORES = "how many cores, such as 1,2,4; by itself the most that the engine can give"
PYTHON = "which interpreters, such as 3.14,3.14t; by itself 3.14"
RUNNER = "auto (docker where an engine answers, else local), docker or local"
JSON = "print one JSON document and nothing else"
LANG = "en or ko; by itself as the locale says"
NO_WAIT = "do not wait for CPUs that another run holds: exit 75"


@task(auto_shortflags=False, help={"lang": LANG, "json": JSON})
@command
def labs(_c: Context, lang: str | None = None, json: bool = False) -> int:
    """The catalogue: every lab with its question, chapter by chapter, and a mark for what this machine can show.

    invoke labs
    invoke labs --lang ko
    """
    from harness import commands

    return commands.labs(lang, json=json)


@task(
    auto_shortflags=False,
    help={
        "name": "which lab; `invoke labs` lists them; or a FILE.py of your own, by its path",
        "lang": LANG,
        "diff": "instead of the page what differs between two variants, such as --diff unguarded with_lock",
    },
)
@command
def show(_c: Context, name: str, lang: str | None = None, diff: str | None = None) -> int:
    """A lab's page and its code, to read before anything is run.

    invoke show gil
    invoke show race --lang ko
    invoke show race --diff unguarded with_lock
    invoke show path/to/my_lab.py
    """
    if name.startswith("-"):
        return help_instead("show", name)
    from harness import commands

    return commands.show(name, lang, diff)


@task(auto_shortflags=False, help={"name": "what to call it: a word in lower case, such as my_lab"})
@command
def new(_c: Context, name: str) -> int:
    """A new lab with its test and its pages, from a template that runs and passes `invoke check` as it is.

    invoke new my_lab
    """
    if name.startswith("-"):
        return help_instead("new", name)
    from harness import commands

    return commands.new(name)


@task(
    auto_shortflags=False,
    iterable=["set"],
    optional=["predict"],
    help={
        "name": "which lab; `invoke labs` lists them; or a FILE.py of your own, by its path",
        "cores": CORES,
        "python": PYTHON,
        "runner": RUNNER,
        "config": "how hard to run: standard, quick, classroom, ci, or a FILE in TOML",
        "set": "a knob of the lab, such as count=1000; may be given again",
        "rounds": "exactly so many rounds; by itself as many as the claims need",
        "budget": "time for all rounds together, such as 60s; by itself as the config says",
        "seed": "of the order of the cells, to have the same order again",
        "predict": "what you expect, such as threads=1,processes=4; by itself you are asked, before anything is run",
        "mine": "a FILE.py of your own, whose functions take the places of the lab's variants; the lab's claims judge",
        "watch": "run again whenever the file is saved (that of --mine, else the lab's); Ctrl-C ends it",
        "lang": "of the questions of --predict and the hints of --mine: en or ko; by itself as the locale says",
        "inconclusive-ok": "inconclusive claims count as good",
        "no-wait": NO_WAIT,
        "json": JSON,
    },
)
@command
def lab(
    _c: Context,
    name: str,
    cores: str | None = None,
    python: str | None = None,
    runner: str = "auto",
    config: str = "standard",
    set: list[str] | None = None,  # noqa: A002 - the option's name
    rounds: str | None = None,
    budget: str | None = None,
    seed: str | None = None,
    predict: str | bool | None = None,
    mine: str | None = None,
    watch: bool = False,
    lang: str | None = None,
    inconclusive_ok: bool = False,
    no_wait: bool = False,
    json: bool = False,
) -> int:
    """Run a lab on known cores, and judge what it claims.

    invoke lab gil                               on the most cores there are
    invoke lab gil --cores 1                     then --cores 4, then `invoke compare gil`
    invoke lab gil --cores 1,2 --python 3.14,3.14t --config classroom
    invoke lab race --set count=5000 --json
    invoke lab race --predict                    say first what you expect, and see how it compares
    invoke lab race --mine my_race.py --watch    an exercise: your variants in place of the lab's
    invoke lab path/to/their_lab.py              a lab from outside this repository

    Exit codes: 0 all claims hold, 1 refuted, 2 usage, 3 inconclusive, 4 a limit was hit, 5 results not stored,
    69 no engine, 70 a fault of pinlab's own, 75 busy, 130 interrupted.
    A watch that Ctrl-C ends while it waits has the code of its last run.
    """
    if name.startswith("-"):
        return help_instead("lab", name)
    from harness import commands
    from harness.lab_command import LabWords

    return commands.lab(
        LabWords(
            name=name,
            cores=cores,
            python=python,
            runner=runner,
            config=config,
            sets=tuple(set or ()),
            rounds=rounds,
            budget=budget,
            seed=seed,
            inconclusive_ok=inconclusive_ok,
            wait=not no_wait,
            json=json,
            predict=predict,
            mine=mine,
            watch=watch,
            language=lang,
        )
    )


@task(
    auto_shortflags=False,
    help={
        "name": "which workshop: first-hour, whole-notes, or a FILE in TOML",
        "cores": "on how many cores, such as 1,2, in place of what the workshop says of each lab",
        "python": "which interpreters, such as 3.14,3.14t, in place of what the workshop says of each lab",
        "runner": RUNNER,
        "config": "how hard to run all of it, in place of what the workshop says of each lab",
        "minutes": "the time for the rounds of all labs together, in place of what the workshop says",
        "fresh": "start again, where an earlier start did not come to the end",
        "inconclusive-ok": "inconclusive claims count as good",
        "no-wait": NO_WAIT,
        "json": JSON,
    },
)
@command
def workshop(
    _c: Context,
    name: str,
    cores: str | None = None,
    python: str | None = None,
    runner: str = "auto",
    config: str | None = None,
    minutes: str | None = None,
    fresh: bool = False,
    inconclusive_ok: bool = False,
    no_wait: bool = False,
    json: bool = False,
) -> int:
    """Run one lab after the other, as a workshop's file lists them; stopped, it goes on where it was.

    invoke workshop first-hour                   what an instructor shows first
    invoke workshop whole-notes --minutes 20     every lab, in the order of the course
    invoke workshop whole-notes --cores 1 --config quick
    invoke workshop my-class.toml --fresh

    Exit codes: as of `invoke lab`, over all labs. A broken lab does not stop the others.
    """
    if name.startswith("-"):
        return help_instead("workshop", name)
    from harness import commands
    from harness.workshop_run import WorkshopWords

    return commands.workshop(
        WorkshopWords(
            name=name,
            cores=cores,
            python=python,
            runner=runner,
            config=config,
            minutes=minutes,
            fresh=fresh,
            inconclusive_ok=inconclusive_ok,
            wait=not no_wait,
            json=json,
        )
    )


@task(
    auto_shortflags=False,
    help={
        "name": "which lab; by itself every lab that has results",
        "runs": "these runs by their ids, separated by commas, instead of the latest",
        "anyway": "compare runs that are not alike, under a banner that says so",
        "markdown": "print Markdown, for a job summary",
        "json": JSON,
    },
)
@command
def compare(
    _c: Context,
    name: str = "",
    runs: str = "",
    anyway: bool = False,
    markdown: bool = False,
    json: bool = False,
) -> int:
    """The latest runs of a lab side by side, over cores and interpreters.

    invoke compare gil
    invoke compare gil --markdown
    """
    if name.startswith("-"):
        return help_instead("compare", name)
    from harness import commands

    return commands.compare(name, runs, anyway=anyway, markdown=markdown, json=json)


@task(auto_shortflags=False, help={"json": JSON})
@command
def doctor(_c: Context, json: bool = False) -> int:
    """What this machine and its engine can show, and what stands in the way.

    invoke doctor
    """
    from harness import commands

    return commands.doctor(json)


@task(auto_shortflags=False)
@command
def build(_c: Context) -> int:
    """Build the image now, instead of at the first lab.

    invoke build
    """
    from harness import commands

    return commands.build()


@task(auto_shortflags=False, help={"cores": CORES, "python": PYTHON, "runner": RUNNER, "no-wait": NO_WAIT})
@command
def shell(
    _c: Context, cores: str | None = None, python: str | None = None, runner: str = "auto", no_wait: bool = False
) -> int:
    """An interactive shell that is pinned to cores.

    invoke shell --cores 2
    """
    from harness import commands

    return commands.shell(cores, python, runner, wait=not no_wait)


@task(
    auto_shortflags=False,
    help={
        "cores": CORES,
        "python": PYTHON,
        "runner": RUNNER,
        "rounds": "how often to run it; by itself once",
        "carry": "files and folders that travel with it, separated by commas; one that an argument names does anyway",
        "no-wait": NO_WAIT,
        "json": JSON,
    },
)
@command
def exec(  # noqa: A001 - the command's name
    _c: Context,
    cores: str | None = None,
    python: str | None = None,
    runner: str = "auto",
    rounds: str = "1",
    carry: str = "",
    no_wait: bool = False,
    json: bool = False,
) -> int:
    """Run any command, pinned and measured: bring your own script.

    invoke exec --cores 2 -- python my_script.py
    """
    from harness import commands

    return commands.execute(
        remainder(),
        commands.ExecWords(cores, python, runner, rounds, carry, wait=not no_wait, json=json),
    )


@task(auto_shortflags=False)
@command
def check(_c: Context) -> int:
    """Everything that is checked before a change lands: format, lint, types, tests, compose.yaml, Dockerfile, workflow.

    ./invoke check
    """
    from harness import checks

    return checks.run_all()


@task(
    auto_shortflags=False,
    help={"results": "the results too", "images": "the images of other versions of the harness, too"},
)
@command
def clean(_c: Context, results: bool = False, images: bool = False) -> int:
    """Remove what pinlab left on the engine: containers and volume of this clone, found by their labels.

    invoke clean
    """
    from harness import commands

    return commands.clean(results=results, images=images)
