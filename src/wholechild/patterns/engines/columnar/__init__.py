"""The columnar engine: the condition graph as SQL over interval sets, for many children at once.

It means exactly what engines/in_memory.py means (tests/generative/test_columnar_equality.py), and is called so:

    from wholechild.patterns.engines.columnar.duckdb import evaluate
    evaluate(connection, {lesson.id: Asked(lesson.condition, nation)}, words)

`connection` has the tables of patterns/columns.py as tables or views of those names. Afterwards it has three more:

    holds(lesson, child, start, "end")                   maximal spans, one row for each match
    unsure(lesson, child, start, "end", why, about)      one row for each reason, maximal for that reason
    evidence(lesson, child, start, record)               what each match rests on at the moment it begins

`why` is the text of intervals.Why. `about` is text: the number of a record, the id of a sector, or empty.

How it works: the records that an atom selects become an answer (answers.py): spans of the axis of knowledge in named channels, and the
conditions on what covers an instant under which the atom holds or cannot tell. compiling.py sweeps the channels of all atoms
of a lesson at once and does its logic on the pieces; a module for each family of atoms gives the answers, algebra.py
has the two moves over spans (islands and sweeps), and plan.py sees to it that what is said twice in the library is worked
out once.
"""
