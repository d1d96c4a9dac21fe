"""Derive the table of names of the ordinary area from open counts: `python scripts/derive_names.py [--check]`.

Reads the open counts beside the repository (`../shared/data/names`: Office for National Statistics, National Records
of Scotland and NISRA, Open Government Licence v3.0; popular names by country, CC0) and our own lists in
name_communities.yaml; writes src/wholechild/world/data/names.csv. Where the counts are absent it says so and leaves
the table as it is: a clone needs nothing beside it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "src/wholechild/world/data/names.csv"
#: How many given names are kept of the English community, by sex and decade; the rest of ONS's 32,000 are rare.
KEPT = 260
DECADES = ("2000", "2010", "2020")
#: A Scottish or Northern Irish name is one at least this many times as usual there as in England and Wales.
MARKEDLY = 3.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=HERE.parent.parent / "shared/data/names")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the table is what the sources give"
    )
    options = parser.parse_args()
    if not options.source.is_dir():
        print(f"The open counts are not at {options.source}: the committed table stays as it is.")
        return 0
    text = table(options.source)
    if options.check:
        same = TABLE.read_text(encoding="utf-8") == text
        print(
            "The table is what the sources give." if same else "The table differs from what the sources give."
        )
        return 0 if same else 1
    TABLE.write_text(text, encoding="utf-8")
    print(f"Wrote {TABLE.name}: {len(text.encode()):,} bytes.")
    return 0


def table(source: Path) -> str:
    """The whole table as CSV text: community, part, sex, decade, names as `Name:weight` separated by `;`."""
    ours = yaml.safe_load((HERE / "name_communities.yaml").read_text(encoding="utf-8"))
    counts = births_by_name(source / "ons_baby_names_england_wales_2007_2020.csv.gz")
    abroad = names_by_country(source)
    rows: list[tuple[str, str, str, str, str]] = []
    others = names_of_others(ours["communities"])
    for community, entry in ours["communities"].items():
        details = [f"share:{entry['share']}", f"language:{entry.get('language', '')}"]
        details += [f"daughter -{end}:-{new}" for end, new in entry.get("female_surname", {}).items()]
        rows.append((community, "about", "", "", ";".join(details)))
        rows.append((community, "family", "", "", weighted(zipf(entry["surnames"].split()))))
        rows += given_rows(community, entry, counts, abroad, others, source)
    for decade, by_sex in ours["adults"].items():
        rows += [
            ("english", "given", sex, decade, weighted(zipf(names.split()))) for sex, names in by_sex.items()
        ]
    rows += [("all", "spellings", "", "", ";".join(words.split())) for words in ours["spellings"]]
    return as_csv(rows)


def given_rows(
    community: str, entry: dict[str, Any], counts: dict[str, Counter[tuple[str, str]]],
    abroad: dict[tuple[str, str], list[str]], others: set[str], source: Path,
) -> list[tuple[str, str, str, str, str]]:  # fmt: skip
    rows = []
    if community == "english":
        for decade in DECADES:
            for sex in "MF":
                usual = {n: c for (s, n), c in counts[decade].most_common() if s == sex and n not in others}
                top = dict(list(usual.items())[:KEPT])
                rows.append(
                    (community, "given", sex, decade, weighted({shown(n): c for n, c in top.items()}))
                )
        return rows
    for sex in "MF":
        names = entry.get(f"given_{sex.lower()}", "").split()
        if "derive" in entry:
            names += marked_names(source, entry["derive"], sex, counts)
        for country in entry.get("country", []):
            names += abroad.get((country, sex), [])[:10]
        rows.append((community, "given", sex, "any", weighted(by_count(names, sex, counts))))
    return rows


def by_count(names: list[str], sex: str, counts: dict[str, Counter[tuple[str, str]]]) -> dict[str, int]:
    """Weights from the counts in England and Wales; a name that is not counted there gets a small one."""
    total = Counter[tuple[str, str]]()
    for counted in counts.values():
        total.update(counted)
    unique = list(dict.fromkeys(names))
    seen = {n: total[sex, plain(n)] for n in unique}
    least = sorted(v for v in seen.values() if v) or [100]
    # The square root: a name such as DAVID is counted for every community at once, so its count overstates it here.
    return {n: max(1, round((seen[n] or least[len(least) // 4]) ** 0.5)) for n in unique}


def marked_names(
    source: Path, nation: str, sex: str, counts: dict[str, Counter[tuple[str, str]]]
) -> list[str]:
    there = Counter[str]()
    years = {"scotland": "2010_2020", "northern_ireland": "2010_2020"}[nation]
    with gzip.open(source / f"baby_names_{nation}_{years}.csv.gz", "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["sex"] == sex:
                there[row["name"]] += int(row["n"])
    here = {n: c for (s, n), c in (counts["2010"] + counts["2020"]).items() if s == sex}
    ratio = sum(there.values()) / sum(here.values())
    return [n for n, c in there.most_common(220) if c > MARKEDLY * ratio * here.get(plain(n), 0)][:60]


def births_by_name(path: Path) -> dict[str, Counter[tuple[str, str]]]:
    counts: dict[str, Counter[tuple[str, str]]] = {decade: Counter() for decade in DECADES}
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            counts[f"{int(row['year']) // 10 * 10}"][row["sex"], row["name"]] += int(row["n"])
    return counts


def names_by_country(source: Path) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    with (source / "common-forenames-by-country.csv").open(encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            name = row["Romanized Name"].strip().split("/")[0]
            if name.replace("-", "").replace("'", "").isalpha():
                found.setdefault((row["Country"], row["Gender"]), []).append(name)
    return found


def names_of_others(communities: dict[str, Any]) -> set[str]:
    """Given names that are listed for another community and are not usual English names of our lists of adults."""
    found: set[str] = set()
    for community, entry in communities.items():
        if community in ("english", "welsh", "irish", "scottish", "traveller", "caribbean"):
            continue
        for key in ("given_m", "given_f"):
            found |= {plain(n) for n in entry.get(key, "").split()}
    shared = "MARIA ANNA JULIA LAURA AMELIA HANNA SOFIA DANIEL DAVID ADAM SAMUEL JOSHUA MICHAEL LUCAS LUCA RYAN ETHAN JACOB NATHAN NATHANIEL ELIJAH ISAAC CALEB GABRIEL ROBERT SEBASTIAN VICTORIA GRACE FAITH ESTHER NAOMI RUTH EVA EMILY CHLOE SOPHIE JASMINE AVA ZARA LEAH NOAH JOSEPH THOMAS JAMES JOHN PATRICK MICHELLE NICOLE NATALIE VANESSA ABIGAIL ALICE HELEN HELENA LAYLA MAYA KAI ELENA ISABELLA ZOE EVAN SAM JAYDEN MARCUS KYLE HUGO MARTIN VIKTOR MARK OLIVER ANDREA ALEXANDRA GLORIA ANGEL PRINCESS MARTINA AURORA LEONARDO LORENZO MATTEO SARA MILA TARA".split()
    return found - set(shared)


def zipf(names: list[str]) -> dict[str, int]:
    """Weights that fall with the place in a list, as surnames do: 1/(place + 4), the first being 200."""
    return {name: max(1, round(1000 / (place + 5))) for place, name in enumerate(dict.fromkeys(names))}


def plain(name: str) -> str:
    """Upper case without accents, as the Office for National Statistics prints names."""
    swapped = name.replace("ł", "l").replace("Ł", "L").replace("ı", "i")
    return "".join(c for c in unicodedata.normalize("NFD", swapped) if not unicodedata.combining(c)).upper()


def shown(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def weighted(weights: dict[str, int]) -> str:
    return ";".join(f"{name}:{weight}" for name, weight in weights.items())


def as_csv(rows: list[tuple[str, str, str, str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("community", "part", "sex", "decade", "names"))
    writer.writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
