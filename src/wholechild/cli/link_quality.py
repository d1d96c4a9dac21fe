"""`wholechild link --sample` and `--report`: pairs for people to label, and what their labels say of linking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import click

from wholechild.cli.system import salts

if TYPE_CHECKING:
    from wholechild.people.linkage_report import Labelled, Report
    from wholechild.people.quality.grouping import Told

PURPOSE: Final = "identity_check"
_TITLES: Final = {
    "name_origin": "Origin of the name", "sex": "Sex", "deprivation": "How deprived the area is", "mover": "A move on record",
}  # fmt: skip
#: Files with more bytes than this are no labels.
_LARGEST: Final = 100_000_000

Said = tuple[dict[str, Any], str, bool]


def page_of(one: str, other: str) -> str:
    """The address at which two identities stand side by side, as a path."""
    return f"/possible/{one}/{other}/"


# -- a sample to label ----------------------------------------------------------------------------------------------------


def sample(size: int, seed: int, out: Path | None) -> Said:
    """Write a sample of pairs to label. A file that is there already may hold labels, and is left alone."""
    from wholechild.people import linkage_report
    from wholechild.people.quality.queries import kept_pairs, pairs_below
    from wholechild.trust.viewers import system

    if out is None:
        raise click.UsageError("Say where the sample goes: --out sample.csv.")
    if out.exists():
        raise click.UsageError(f"{out} is there already, and may hold labels. Choose another name: --out.")
    if not out.parent.is_dir():
        raise click.UsageError(f"{out}: there is no folder {out.parent}. Make it first, or choose another.")
    viewer, rng = system("link"), Random(seed)  # noqa: S311 - a sample, not a secret
    kept = kept_pairs(viewer)
    below, share = pairs_below(viewer, rng)
    text = linkage_report.sample(kept, size, rng, below=below, share=share, page=page_of)
    drawn = text.count("\n") - 1
    said = {
        "sample": str(out),
        "drawn": drawn,
        "of_kept": len(kept),
        "of_below": round(len(below) / share),
        "seed": seed,
    }
    if not drawn:
        return (
            said,
            "No two records are alike enough to ask a person about. There is nothing to label, and no file was written.",
            False,
        )
    out.write_text(text, encoding="utf-8")
    words = (
        f"{drawn:,} pairs are in {out}: of {len(kept):,} that are alike enough to be kept, and of about {said['of_below']:,} that share "
        "a key and are not. Write same, different or cannot tell into the column label; the column page says where to look at two. "
        f"Then: wholechild link --report --labels {out}."
    )
    return said, words, True


# -- what labels say ------------------------------------------------------------------------------------------------------


def report(by: str, at: datetime, labels: Path | None, groups: Sequence[Path]) -> Said:
    """Say how well linking does, and keep it for the page. Without labels: what people have decided anyway."""
    from wholechild.people.actions import keep_report
    from wholechild.people.linkage_report import read_labels
    from wholechild.people.quality.queries import decided_pairs
    from wholechild.trust.viewers import system

    told = [_groups(path) for path in groups]
    if labels:
        text = _text(labels)
        labelled = _read(lambda: read_labels(text, str(labels)))
        digest = sha256(text.encode()).hexdigest()
        if not labelled:
            raise click.UsageError(
                f"{labels}: the column label is empty in every line. Write same, different or cannot tell into it, then count again."
            )
    else:
        labelled, digest = decided_pairs(system("link")), ""
    found, more = _measured(labelled, told, sampled=labels is not None)
    figures = found.plain() | more | {"labels_sha256": digest}
    kept = keep_report(by=by, purpose=PURPOSE, at=at, figures=figures, salts=salts)
    return {"report": kept, **figures}, in_words(found, more), not more["held_no_longer"]


def _measured(
    labelled: Sequence[Labelled], told: Sequence[Told], *, sampled: bool
) -> tuple[Report, dict[str, Any]]:
    """The report, and beside it how many labelled pairs name an identity that is not held (any longer), and how linking stands."""
    from wholechild.people import linkage_report
    from wholechild.people.quality.grouping import own_groups, with_told
    from wholechild.people.quality.queries import compared_identities, people_as_linked, weighed_pairs
    from wholechild.people.queries import artefact_in_force, linkage
    from wholechild.trust.viewers import system
    from wholechild.world.name_origins import name_origins

    viewer = system("link")
    standing = linkage(viewer)
    weighed = weighed_pairs(viewer, {one.pair for one in labelled})
    held = [one for one in labelled if one.pair in weighed]
    identities = compared_identities(viewer, {side for one in held for side in one.pair})
    people, agency_of = people_as_linked(viewer)
    found = linkage_report.report(
        held, people=people, agency_of=agency_of, weight_of={pair: one.weight for pair, one in weighed.items()},
        zone_of={pair: str(one.zone) for pair, one in weighed.items()}, same=artefact_in_force(viewer).same, model=standing.model,
        groups=with_told(own_groups(identities, name_origins(_alike)), told, identities), sampled=sampled,
    )  # fmt: skip
    more = {
        "held_no_longer": len(labelled) - len(held), "identities": standing.identities, "persons": standing.persons,
        "waiting": standing.possible,
    }  # fmt: skip
    return found, more


def _alike(given: str, family: str) -> tuple[str, str]:
    """Names as identities have them when they are compared."""
    from wholechild.people.comparing.standardising import standard_name

    name = standard_name(given, family)
    return name.given, name.family


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise click.UsageError(
            f"{path}: this is larger than any file of labels. Give the CSV that --sample wrote."
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as wrong:
        raise click.UsageError(
            f"{path}, byte {wrong.start}: this is no text in UTF-8. Save the file as CSV UTF-8."
        ) from None


def _read(read: Any) -> Any:
    """What a file says. Its faults are bad usage: each on a line of its own."""
    try:
        return read()
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None


def _groups(path: Path) -> Told:
    """What a file says of the groups: a CSV, or the truth that a made-up world leaves beside its feeds."""
    from wholechild.patterns.truth import read_truth
    from wholechild.people.linkage_report import SPLITS
    from wholechild.people.quality.grouping import Told, read_groups

    if path.suffix != ".parquet":
        return _read(lambda: read_groups(_text(path), str(path)))  # type: ignore[no-any-return]
    said: dict[str, dict[str, str]] = {split: {} for split in SPLITS}
    for child in _read(lambda: list(read_truth(path))):
        for split in SPLITS:
            said[split] |= dict.fromkeys(child.identities, child.traits.get(split, ""))
    return Told("identity", said)


# -- in words -------------------------------------------------------------------------------------------------------------


def in_words(found: Report, more: Mapping[str, Any]) -> str:
    lines = [*_on_labels(found), *_by_zone(found), *_by_group(found), *_by_agency(found)]
    lines.append(f"{more['waiting']:,} pairs wait for a person. The model in force is {found.model}.")
    if gone := more["held_no_longer"]:
        lines.append(
            f"{gone:,} of the labelled pairs name an identity that is not held, or is held no longer. They count nowhere. Keep the ids "
            "as the sample wrote them."
        )
    return "\n".join(lines)


def _on_labels(found: Report) -> list[str]:
    from wholechild.people.linkage_report import estimate_in_words

    unsure = f" Of {found.unsure:,} of them people could not tell." if found.unsure else ""
    if not found.labelled:
        return [
            "Nothing has been labelled yet. So we do not know how well linking does. Draw a sample: wholechild link --sample 300 "
            "--out sample.csv."
        ]
    if not found.sampled:
        return [
            f"{found.labelled:,} pairs were decided on by people.{unsure} They were put before people because they were hard to tell, and "
            "stand for nothing but themselves: how well linking does as a whole is not known from them. Draw a sample: wholechild link "
            "--sample 300 --out sample.csv."
        ]
    said = found.figures
    return [
        f"{found.labelled:,} pairs are labelled.{unsure}",
        f"Of all links, right (precision): {estimate_in_words(said.precision)}",
        f"Of all pairs of one person that share a key, linked (recall): {estimate_in_words(said.recall)}",
        f"Both in one figure (F1): {estimate_in_words(said.f1)}",
    ]


def _by_zone(found: Report) -> list[str]:
    from wholechild.people.linkage_report import in_words as share_words

    titles = {
        "same": "linked by machine",
        "possible": "left to a person",
        "faint": "shown as possible",
        "different": "not linked",
    }
    return [
        f"Of labelled pairs that are {titles[zone]}, one person: {share_words(share)}"
        for zone, share in found.zones.items()
    ]


def _by_group(found: Report) -> list[str]:
    """Only groups with enough pairs of one person; of the others we cannot tell yet."""
    from wholechild.people.linkage_report import FEWEST, estimate_in_words

    lines = []
    for split in found.splits if found.sampled and found.labelled else ():
        told = {name: one for name, one in split.figures.items() if one.true >= FEWEST}
        lines += [
            f"{_TITLES[split.by]}, {name}: linked {estimate_in_words(one.recall)}"
            for name, one in told.items()
        ]
        few = len(split.figures) - len(told)
        if few or not told:
            lines.append(
                f"{_TITLES[split.by]}: " + (f"of {few} group{'s' * (few != 1)}" if few else "of any group")
                + f" we cannot tell yet; each needs {FEWEST} labelled pairs of one person."
            )  # fmt: skip
    return lines


def _by_agency(found: Report) -> list[str]:
    return [
        f"{agency}: {share.part:,} of {share.whole:,} identities are linked with none"
        for agency, share in found.unlinked.items()
    ]
