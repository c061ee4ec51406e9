"""Where the simulator or the worker departs from GitHub's description on purpose, or the description from GitHub. Each is an
operation, a part and what is said (a pattern), with its reason; one that is needed no more fails the suite.
"""

import re

EXCEPTIONS = [
    (
        "actions/list-workflow-runs",
        "parameter",
        r"query created: .*'>=\d{4}-\d\d-\d\dT[^']*' is not a 'date-time'",
        "the parameter's own words are that it is a range in search syntax, which no date-time can be",
    ),
]


def reasoned(violations):
    """The violations without those that have a reason; and the exceptions that were needed."""
    rest, needed = [], set()
    for operation, part, problem in violations:
        for number, (of, where, pattern, _) in enumerate(EXCEPTIONS):
            if (of, where) == (operation, part) and re.search(pattern, problem):
                needed.add(number)
                break
        else:
            rest.append((operation, part, problem))
    return rest, needed
