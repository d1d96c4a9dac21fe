"""The columnar engine: the condition graph as SQL over interval sets, for many children at once.

It means exactly what engines/in_memory.py means (tests/generative/test_columnar_equality.py), and is called so:

    from wholechild.patterns.engines.columnar.duckdb import evaluate
    evaluate(connection, {lesson.id: Asked(lesson.condition, nation)}, words)

`connection` has the tables of patterns/columns.py as tables or views of those names. Afterwards it has three more:

    holds(lesson, child, start, "end")                   maximal spans, one row for each match
    unsure(lesson, child, start, "end", why, about)      one row for each reason, maximal for that reason
    evidence(lesson, child, start, record)               what each match rests on at the moment it begins

`why` is the text of intervals.Why. `about` is text: the number of a record, the id of a sector, or empty.

How it works: every condition becomes a relation `truth(child, start, until, why, about)`, in which `why` 0 is a span on which
it holds and anything else a span on which it cannot tell. algebra.py has the two moves over such relations (islands and
sweeps), a module for each family of atoms turns selected records into them, compiling.py does the logic of a whole lesson
in one sweep, and plan.py sees to it that what is said twice in the library is worked out once.
"""
