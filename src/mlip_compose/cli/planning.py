"""``mlip-compose coverage, plan``: the molecules of a user, and what training shows of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import Json
from mlip_compose.cli.output import Table, note, show

if TYPE_CHECKING:
    from mlip_compose.planning.coverage import TargetCoverage
    from mlip_compose.planning.plan import Plan

Targets = Annotated[
    list[str],
    typer.Argument(
        help="Molecules: SMILES, files (.smi, .csv, .sdf, .xyz) or data sets.", show_default=False
    ),
]
Training = Annotated[
    list[str],
    typer.Option(
        "--by", "-b", help="Training molecules, given as the targets are; may be repeated."
    ),
]


def coverage(
    targets: Targets,
    by: Training,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with each target drawn.")
    ] = None,
    json: Json = False,
) -> None:
    """Show how far training molecules cover the molecules that you care about.

    The share at radius r is that of the atoms whose environment out to r bonds occurs in training.
    r* is the radius out to which the environments of all atoms do.

    Example: mlip-compose coverage 'CC(=O)Oc1ccccc1C(=O)O' --by core-v1 --html aspirin.html
    """
    from mlip_compose.planning.coverage import coverage_of
    from mlip_compose.planning.reading import read_molecules, read_targets

    graphs = read_targets(targets)
    coverages = coverage_of(graphs, read_molecules(by))
    if html is not None:
        from mlip_compose.planning.page import write_page

        write_page(coverages, ", ".join(by), html)
        note(f"Wrote {html}")
    document = {"training": by, "targets": [target.document() for target in coverages]}
    show(json, document, _coverage_table(coverages, by))


def _coverage_table(coverages: list[TargetCoverage], by: list[str]) -> Table:
    shares = len(coverages[0].fractions)
    rows = [
        (
            target.molecule.name,
            target.molecule.n_atoms,
            target.radius,
            *(f"{share:.0%}" for share in target.fractions),
            sum(environment.radius == target.radius + 1 for environment in target.unseen),
        )
        for target in coverages
    ]
    return Table(
        f"Atoms whose environment out to r bonds occurs in {', '.join(by)}",
        ("target", "atoms", "r*", *(f"r = {r}" for r in range(shares)), "unseen at r* + 1"),
        rows,
    )


def plan(
    targets: Targets,
    radius: Annotated[
        int, typer.Option("--radius", "-R", help="Radius R of the environments: 1 to 6 bonds.")
    ],
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", "-b", help="Labelled molecules, given as the targets are; may be repeated."
        ),
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", help="Candidates besides the fragments; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the plan as SMILES with names (.smi).")
    ] = None,
    json: Json = False,
) -> None:
    """Choose the molecules to label so that training covers the targets, at the least cost.

    Candidates are the fragments of the targets, capped with hydrogen, and the targets themselves.
    The cost of a label is the number of atoms to the power 2.5, as in density functional theory.

    Example: mlip-compose plan mine.smi --by core-v1 --radius 2 --out plan.smi
    """
    from mlip_compose.core.files import write_text
    from mlip_compose.planning.plan import plan_labels
    from mlip_compose.planning.reading import read_molecules, read_targets

    labels = plan_labels(
        read_targets(targets), read_molecules(by or ()), radius, read_molecules(pool or ())
    )
    if out is not None:
        lines = [f"{label.molecule.smiles} {label.molecule.name}\n" for label in labels.chosen]
        write_text(out, "".join(lines))
        note(f"Wrote {out}")
    if labels.chosen:
        show(json, _document(labels), _plan_table(labels))
        _note_cost(labels)
    else:
        show(json, _document(labels))
        note(f"Training covers everything out to {labels.radius} bonds: there is nothing to label.")


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "radius": plan.radius,
        "cost": plan.cost,
        "cost_of_targets": plan.cost_of_targets,
        "bound": plan.bound,
        "candidates": plan.candidates,
        "unseen": [
            {"smiles": environment.smiles, "atoms": [list(atom) for atom in environment.atoms]}
            for environment in plan.unseen
        ],
        "only_in_targets": list(plan.only_in_targets),
        "plan": [
            {
                "name": label.molecule.name,
                "smiles": label.molecule.smiles,
                "atoms": label.molecule.n_atoms,
                "charge": label.molecule.charge,
                "source": label.source,
                "cost": label.cost,
                "shows": list(label.shows),
            }
            for label in plan.chosen
        ],
    }


def _plan_table(plan: Plan) -> Table:
    rows = [
        (
            label.molecule.name,
            label.source,
            label.molecule.n_atoms,
            label.molecule.charge,
            len(label.shows),
        )
        for label in plan.chosen
    ]
    return Table(
        f"Molecules to label, for {len(plan.unseen)} environments more (R = {plan.radius})",
        ("molecule", "from", "atoms", "charge", "shows"),
        rows,
    )


def _note_cost(plan: Plan) -> None:
    share = plan.cost / plan.cost_of_targets
    gap = 1 - plan.bound / plan.cost
    proof = "the least" if gap < 1e-9 else f"at most {gap:.1%} above the least"
    note(
        f"Their labels cost {share:.0%} of labels of all targets that training does not cover "
        f"(atoms to the power 2.5). That is {proof} that {plan.candidates} candidates allow."
    )
    if plan.only_in_targets:
        note(f"{len(plan.only_in_targets)} environments are in targets alone.")
