"""One concrete call and what its document promises of it, and the closed sets that a case is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from conformance.case.inputs import Inputs
from conformance.case.observation import Phase
from conformance.case.step import Step
from conformance.case.text import Text
from conformance.case.values import Arguments, Value

LayerName: TypeAlias = Literal["conv2d", "conv_transpose2d"]
LAYERS: tuple[LayerName, ...] = ("conv2d", "conv_transpose2d")


@dataclass(frozen=True)
class Distribution:
    """A documented initial distribution of a parameter.

    Attributes:
        parameter: ``weight`` or ``bias``.
        family: ``uniform``, ``normal``, ``truncated_normal`` or ``constant``.
        arguments: (low, high); (mean, standard deviation), the truncated one cut at two of them; (value,).
    """

    parameter: str
    family: str
    arguments: tuple[float, ...]


# (shape, dtype) of a parameter, each None where the document is silent.
PromisedParameter: TypeAlias = tuple[tuple[int, ...] | None, str | None]


@dataclass(frozen=True)
class Promise:
    """What the document promises of a case. An empty field means that it is silent.

    Attributes:
        shape: shape of the output.
        dtype: dtype of the output.
        raises: names of the exception classes, any of which (or a subclass) keeps the promise.
        phase: the phase in which it is documented to raise.
        accepts: the call is documented as valid; nothing else of it is compared.
        operation: the document names the operation, so output and gradients are the oracle's.
        parameters: per parameter what is promised of it; None: there is no such parameter.
        state: all that is saved of the layer, by the names that it has there, and the shape of each.
        defaults: per argument its documented default.
        distribution: the documented initial distribution of a parameter.
        same_as: the vendor's arguments of a call documented to give the same output.
        unlike: of a canonical case, arguments of another layer, which prints another text.
    """

    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    raises: tuple[str, ...] = ()
    phase: Phase | None = None
    accepts: bool = False
    operation: bool = False
    parameters: Mapping[str, PromisedParameter | None] = field(default_factory=dict)
    state: Mapping[str, tuple[int, ...]] | None = None
    defaults: Mapping[str, Value] = field(default_factory=dict)
    distribution: Distribution | None = None
    same_as: Arguments | None = None
    unlike: Arguments | None = None


class Standing(StrEnum):
    """Whether a statement can accuse its vendor."""

    OWN = "own"  # the vendor says so of the installed version
    COPY = "copy"  # an outdated or damaged copy says so, and the installed docstring does not
    ANNOUNCED = "announced"  # the vendor says so of a later version


@dataclass(frozen=True)
class Case:
    """One concrete call, expanded from a spec.

    Attributes:
        spec: the spec file, relative to the specs folder, with forward slashes.
        name: name within the file, such as ``"same[k=3-d=2]"``; `id` joins both.
        line: line of the spec file where the case is written (1-based).
        layer: the canonical operation.
        api: None for a canonical case, asked of every API of its layer; a claim's case names its API
            and writes `arguments` in that vendor's own.
        arguments: canonical or vendor arguments, not yet validated: a case may be about a wrong one.
        inputs: how the arrays are made; None when the case ends with construction.
        promise: what the document says. A canonical case has only `raises`, by which the call is invalid, or `unlike`.
        clause: the document clause, section or issue that the case comes from.
        claim: id of the claim that it tests, if any.
        wrong: of an invalid call, or one that is documented to raise, the argument (or ``shape`` or ``dtype`` of the
            input) that makes it so.
        twin: the valid call that differs from this one in what is wrong alone.
        standing: of a claim's case, whether its sentence can accuse the vendor.
        positional: the arguments that are passed by position, in this order; the others by keyword.
        then: what happens to the layer once it has been called; judged is its last call.
        limit: seconds that it may take, where that is less than what the run allows.
        own_process: it is the first and last call of its process, which it may spoil although it is answered.
    """

    spec: str
    name: str
    line: int
    layer: LayerName
    api: str | None
    arguments: Arguments
    inputs: Inputs | None
    promise: Promise
    clause: str
    claim: str | None = None
    positional: tuple[str, ...] = ()
    wrong: str | None = None
    twin: Case | None = None
    standing: Standing = Standing.OWN
    then: tuple[Step, ...] = ()
    limit: float | None = None
    own_process: bool = False

    @property
    def id(self) -> str:
        return f"{self.spec}::{self.name}"

    @property
    def seed(self) -> str:
        """What its arrays are drawn from."""
        return self.id if self.inputs is None or self.inputs.seed is None else self.inputs.seed


class DocumentKind(StrEnum):
    """What a divergence from a document can tell: of the vendor's own document, or only of a copy of it."""

    OFFICIAL_PAGE = "official_page"
    INSTALLED_DOCSTRING = "installed_docstring"
    OLDER_RELEASE = "older_release"
    THIRD_PARTY_COPY = "third_party_copy"


class Docstring(StrEnum):
    """How the installed version's docstring stands to a statement of another document."""

    SAME = "same"
    SILENT = "silent"
    OTHER = "other"  # it contradicts the statement; the claim ID-installed has its own sentence


@dataclass(frozen=True)
class Document:
    """Where statements stand.

    Attributes:
        publisher: whose page it is.
        title: as the document has it; of a docstring, whose it is.
        version: version or date, or what shows its age.
        kind: what a divergence from it can tell.
        address: where it is published; None where neither it nor its publisher says so.
    """

    publisher: str
    title: str
    version: str
    kind: DocumentKind
    address: str | None = None

    @property
    def name(self) -> str:
        """The document as a person cites it."""
        if self.kind is DocumentKind.INSTALLED_DOCSTRING:
            return f"{self.version} {self.title}"
        return f"{self.title} ({self.publisher}, {self.version})"


OWN_DOCUMENTS = frozenset({DocumentKind.OFFICIAL_PAGE, DocumentKind.INSTALLED_DOCSTRING})


@dataclass(frozen=True)
class Statement:
    """A statement of a document, and how the suite accounts for it.

    Attributes:
        document: the document, as a person cites it.
        api: the documented API.
        claim: the id by which cases refer to the statement.
        section: where in the document it stands.
        says: the statement, in our own words.
        unchecked: why no case checks it; None when cases do.
        source: the document.
        docstring: how the installed docstring stands to it; None when it stands there itself.
        announced: the version after which it is to hold; None when it is about the installed one.
    """

    document: str
    api: str
    claim: str
    section: str
    says: Text
    unchecked: Text | None
    source: Document
    docstring: Docstring | None = None
    announced: str | None = None

    @property
    def standing(self) -> Standing:
        """Whether the statement can accuse the vendor.

        A page of the vendor's speaks for itself, and so does whatever the installed docstring says too.
        """
        if self.announced is not None:
            return Standing.ANNOUNCED
        if self.docstring is Docstring.SAME or self.source.kind in OWN_DOCUMENTS:
            return Standing.OWN if self.docstring is not Docstring.OTHER else Standing.COPY
        return Standing.COPY
