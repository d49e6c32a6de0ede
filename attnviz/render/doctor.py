"""What a machine lacks for films, a line a check, each with its mend; it never fails itself."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from importlib.metadata import packages_distributions

from attnviz.errors import AttnvizError
from attnviz.render.requirements import install_command

_LONGEST_REASON = 160


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


_SIGNS = {Verdict.OK: "✓", Verdict.NOTE: "!", Verdict.MISSING: "✗"}


class MachineError(AttnvizError):
    """A check found something wrong and knows what to do.

    Parameters
    ----------
    message
        What is wrong.
    mend
        What to do, in one line; empty: the check's own mend.
    stops_films
        False where films can be rendered all the same.
    """

    def __init__(self, message: str, mend: str = "", *, stops_films: bool = True) -> None:
        super().__init__(message)
        self.mend = mend
        self.stops_films = stops_films


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the machine.

    Parameters
    ----------
    name
        What is looked at.
    look
        Looks and tells what is there; whatever it raises is what is wrong.
    mend
        What to do about a failure that says nothing itself, in one line.
    stops_films
        False for what only some films need.
    """

    name: str
    look: Callable[[], str]
    mend: str = ""
    stops_films: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to.

    Parameters
    ----------
    name
        What was looked at.
    verdict
        ``MISSING`` stops films, ``NOTE`` does not.
    told
        What is there, or what is wrong.
    mend
        What to do; empty where all is well.
    """

    name: str
    verdict: Verdict
    told: str
    mend: str = ""


def examine(checks: Sequence[Check]) -> Iterator[Finding]:
    """Yield what each check comes to, in order; no failure of one stops the others."""
    for check in checks:
        yield _finding(check)


def _finding(check: Check) -> Finding:
    failed = Verdict.MISSING if check.stops_films else Verdict.NOTE
    # Libraries greet, warn and log while they load: none of it belongs in the table.
    silent = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(silent),
            contextlib.redirect_stderr(silent),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            return Finding(check.name, Verdict.OK, check.look())
    except MachineError as fault:
        verdict = failed if fault.stops_films else Verdict.NOTE
        return Finding(check.name, verdict, str(fault), fault.mend or check.mend)
    except ImportError as error:
        return Finding(check.name, failed, f"not checked: {_reason(error)}", _reinstall(error))
    except Exception as error:
        return Finding(check.name, failed, _reason(error), check.mend)


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return said if len(said) <= _LONGEST_REASON else said[:_LONGEST_REASON] + "…"


def _reinstall(error: ImportError) -> str:
    """Return the command that brings the package again whose import failed."""
    module = (error.name or "").partition(".")[0]
    return install_command(*packages_distributions().get(module, [module])[:1], again=True)


@dataclass
class Report:
    """What was found so far, as a table with names of one width.

    Parameters
    ----------
    width
        Characters of the longest name.
    findings
        In the order found.
    """

    width: int
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> list[str]:
        """Take a finding in and return its lines; a mend is told once."""
        known = {other.mend for other in self.findings}
        self.findings.append(finding)
        verdict = f"{_SIGNS[finding.verdict]} {finding.verdict:{max(map(len, Verdict))}}"
        start = f"{verdict}  {finding.name:{self.width}}  "
        lines = [start + finding.told]
        if finding.mend not in known | {""}:
            lines.append(f"{'':{len(start)}}mend: {finding.mend}")
        return lines

    @property
    def can_render(self) -> bool:
        """True where films can be rendered."""
        return self._count(Verdict.MISSING) == 0

    def _count(self, verdict: Verdict) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)

    def summary(self) -> str:
        """Return the findings' sum in one sentence."""
        if not self.can_render:
            return f"Films cannot be rendered yet; to mend: {self._count(Verdict.MISSING)} (✗)."
        notes = self._count(Verdict.NOTE)
        return f"Films can be rendered{f'; notes: {notes} (!)' if notes else ''}."

    def as_json(self) -> str:
        """Return the findings as one line of JSON."""
        checks = [asdict(finding) for finding in self.findings]
        return json.dumps({"can_render": self.can_render, "checks": checks})
