"""``mlip-compose coverage, plan``: what training has shown of molecules, and what to label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table, stderr

if TYPE_CHECKING:
    from mlip_compose.planning.coverage import TargetCoverage
    from mlip_compose.planning.plan import Plan

Targets = Annotated[
    list[str],
    typer.Argument(
        help="SMILES, files (.smi, .csv, .sdf, .xyz) or data sets.",
        show_default=False,
    ),
]
Training = Annotated[
    list[str],
    typer.Option(
        "--by", "-b", help="What a potential is trained on, given as the targets are. Repeatable."
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
    """Say what training molecules have shown of molecules that you care about.

    For each target: the share of its atoms whose surroundings out to r bonds occur in training, and
    r*, the radius out to which all of them do.

    Example: mlip-compose coverage 'CC(=O)Oc1ccccc1C(=O)O' --by core-v1 --html aspirin.html
    """
    from mlip_compose.planning.coverage import coverage_of
    from mlip_compose.planning.reading import read_molecules, read_targets

    graphs = read_targets(targets)
    coverages = coverage_of(graphs, read_molecules(by))
    if html is not None:
        from mlip_compose.planning.page import write_page

        write_page(coverages, ", ".join(by), html)
        stderr().print(f"Wrote {html}", soft_wrap=True)
    if json:
        print_json({"training": by, "targets": [c.document() for c in coverages]})
    else:
        _print_coverage(coverages, by)


def _print_coverage(coverages: list[TargetCoverage], by: list[str]) -> None:
    shares = len(coverages[0].fractions)
    print_table(
        f"Atoms whose surroundings out to r bonds occur in {', '.join(by)}",
        ("target", "atoms", "r*", *(f"r = {r}" for r in range(shares)), "unseen at r* + 1"),
        [
            (
                c.graph.name,
                c.graph.n_atoms,
                c.radius,
                *(f"{share:.0%}" for share in c.fractions),
                sum(e.radius == c.radius + 1 for e in c.unseen),
            )
            for c in coverages
        ],
    )


def plan(
    targets: Targets,
    radius: Annotated[int, typer.Option("--radius", "-R", help="Bonds to be shown: 1 to 6.")],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", "-b", help="What is labelled already, given as the targets are."),
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", help="Molecules that may be labelled, besides fragments."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the plan as SMILES with names (.smi).")
    ] = None,
    json: Json = False,
) -> None:
    """Choose what to label so that all surroundings of the targets are shown, at the least cost.

    Candidates are fragments of the targets, capped with hydrogen, and the targets themselves. The
    cost of a label is the number of atoms to the power 2.5, as of density functional theory.

    Example: mlip-compose plan mine.smi --by core-v1 --radius 2 --out plan.smi
    """
    from mlip_compose.core.files import write_text
    from mlip_compose.planning.plan import plan_labels
    from mlip_compose.planning.reading import read_molecules, read_targets

    chosen = plan_labels(
        read_targets(targets), read_molecules(by or ()), radius, read_molecules(pool or ())
    )
    if out is not None:
        write_text(out, "".join(f"{c.graph.smiles} {c.graph.name}\n" for c in chosen.chosen))
        stderr().print(f"Wrote {out}", soft_wrap=True)
    if json:
        print_json(_document(chosen))
    else:
        _print_plan(chosen)


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "radius": plan.radius,
        "cost": plan.cost,
        "cost_of_targets": plan.cost_of_targets,
        "bound": plan.bound,
        "candidates": plan.candidates,
        "unseen": [{"smiles": e.smiles, "atoms": [list(a) for a in e.atoms]} for e in plan.unseen],
        "only_in_targets": list(plan.only_in_targets),
        "plan": [
            {
                "name": c.graph.name,
                "smiles": c.graph.smiles,
                "atoms": c.graph.n_atoms,
                "charge": c.graph.charge,
                "source": c.source,
                "cost": c.cost,
                "shows": list(c.shows),
            }
            for c in plan.chosen
        ],
    }


def _print_plan(plan: Plan) -> None:
    if not plan.chosen:
        stderr().print(f"Everything out to {plan.radius} bonds is shown already: nothing to label.")
        return
    print_table(
        f"To label, so that {len(plan.unseen)} more environments (R = {plan.radius}) are shown",
        ("molecule", "from", "atoms", "charge", "shows"),
        [
            (c.graph.name, c.source, c.graph.n_atoms, c.graph.charge, len(c.shows))
            for c in plan.chosen
        ],
    )
    share = plan.cost / plan.cost_of_targets
    gap = 1 - plan.bound / plan.cost
    proof = "the least there is" if gap < 1e-9 else f"at most {gap:.1%} above the least"
    stderr().print(
        f"A label of each costs {share:.0%} of a label of each target with something unseen "
        f"(atoms to the power 2.5), {proof} from {plan.candidates} candidates."
    )
    if plan.only_in_targets:
        stderr().print(
            f"{len(plan.only_in_targets)} environments are in no fragment: targets stand for them."
        )
