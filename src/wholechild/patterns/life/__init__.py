"""The life of a lesson: drafted, proposed, adopted by two people, watched, revised or retired."""
