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


RECIPE_COMMENT = """\
Molecules to label so that training covers the targets out to R = {radius} bonds.
Written by mlip-compose plan. Make the data set: mlip-compose data build {path}
The reference is gfn2-xtb unless another one stands here, such as
reference: pbe-d3bj/def2-svp
Every molecule has as many frames; other keys of sampling have their defaults."""


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
    r* is the radius out to which the environments of all atoms do; those of the next radius that
    do not are counted as unseen.

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
        ("target", "atoms", "r*", *(f"r={r}" for r in range(shares)), "unseen"),
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
    power: Annotated[
        float,
        typer.Option(
            "--power",
            help="Cost of a label: atoms to this power, 0 to 10; 0 counts molecules. See "
            "docs/planning.md for measured ones.",
        ),
    ] = 2.5,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the plan as SMILES with names (.smi).")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="Write the plan as a recipe for data build.")
    ] = None,
    json: Json = False,
) -> None:
    """Choose the molecules to label so that training covers the targets, at the least cost.

    Candidates are the fragments of the targets, capped with hydrogen, and the targets themselves.
    The cost of a label is the number of atoms to the power 2.5, as in density functional theory.

    Example: mlip-compose plan mine.smi --by core-v1 --radius 2 --recipe plan.yaml
    """
    from mlip_compose.core.files import refuse_existing
    from mlip_compose.planning.plan import check_request, plan_labels
    from mlip_compose.planning.reading import read_molecules, read_targets

    check_request(radius, power)
    for path, option in ((out, "--out"), (recipe, "--recipe")):
        if path is not None:
            refuse_existing(path, option)
    labels = plan_labels(
        read_targets(targets), read_molecules(by or ()), radius, read_molecules(pool or ()), power
    )
    _write(labels, out, recipe)
    if labels.chosen:
        show(json, _document(labels), _plan_table(labels))
        _note_cost(labels)
    else:
        show(json, _document(labels))
        note(f"Training covers everything out to {labels.radius} bonds: there is nothing to label.")


def _write(plan: Plan, out: Path | None, recipe: Path | None) -> None:
    """Write a plan as SMILES and as a recipe, where it is not empty and the user asked for it."""
    from mlip_compose.core.files import slug, write_text
    from mlip_compose.datasets.recipe import Recipe, write_recipe

    molecules = [label.molecule for label in plan.chosen]
    if not molecules:
        return
    if recipe is not None:
        name = slug(recipe.stem).replace("+", "-").strip(".-") or "plan"
        content = Recipe.of_molecules(name, molecules)
        write_recipe(content, recipe, RECIPE_COMMENT.format(radius=plan.radius, path=recipe))
        note(f"Wrote {recipe}")
    if out is not None:
        write_text(out, "".join(f"{molecule.smiles} {molecule.name}\n" for molecule in molecules))
        note(f"Wrote {out}")


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "radius": plan.radius,
        "power": plan.power,
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
        f"(atoms to the power {plan.power:g}). That is {proof} that {plan.candidates} candidates "
        "allow."
    )
    if plan.only_in_targets:
        note(f"Environments that only targets have: {len(plan.only_in_targets)}.")
