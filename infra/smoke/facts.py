"""What the product assumes of ECS, SQS and IAM without having seen it, and how to tell from what was seen whether it is so.
Pure: no calls. Must never say that something was seen when it was not.
"""

from dataclasses import dataclass

AS_ASSUMED, OTHERWISE, NOT_SEEN = "as assumed", "OTHERWISE", "not seen"
# Of what nothing relies on either way.
LEARNED = "learned"


@dataclass(frozen=True)
class Finding:
    """One fact and how it turned out."""

    fact: str
    outcome: str
    seen: str

    def __str__(self):
        return f"[{self.outcome}] {self.fact}\n    {self.seen}"


def judged(fact, holds, seen):
    outcome = NOT_SEEN if holds is None else AS_ASSUMED if holds else OTHERWISE
    return Finding(fact, outcome, seen)


def unanswered(fact, problem):
    return Finding(fact, NOT_SEEN, f"could not be looked at: {problem}")


def tail(arn):
    return str(arn).rpartition("/")[2]


def tags_at_once(shown, listed):
    """What DescribeTaskDefinition showed of the tags right after RegisterTaskDefinition, and whether it was listed."""
    return judged(
        "the tags given to RegisterTaskDefinition are shown at once, and the revision is listed at once",
        bool(shown) and listed,
        f"tags shown: {'yes' if shown else 'no'}; revision listed: {'yes' if listed else 'no'}",
    )


def inactive_refused(refusal):
    """`refusal` is what UpdateService to a deregistered revision said, None if it was taken."""
    return judged(
        "UpdateService to an INACTIVE task definition is refused",
        refusal is not None,
        f"refused: {refusal}" if refusal else "it was TAKEN: a late update to a retired revision is not fenced off",
    )


def same_definition(before, after):
    return judged(
        "an unforced UpdateService with the definition that runs begins no deployment",
        before == after,
        f"PRIMARY was {before}, then {after}",
    )


def matched_by_revision(deployment, revision):
    """`ecs-svc/N` of DescribeServices, and targetServiceRevisionArn of the service deployment with the same definition."""
    fact = "`ecs-svc/N` matches the service deployment through the end of its targetServiceRevisionArn"
    if revision is None:
        return judged(fact, None, f"{deployment} had no service deployment for its definition")
    return judged(fact, tail(deployment) == tail(revision), f"{deployment} and {revision}")


def current_is_fresh(before, after, newest):
    """`currentServiceDeployment` before and right after an update, and the service deployment that the update began."""
    fact = "is `currentServiceDeployment` stale right after UpdateService? (it can be, so nothing reads it)"
    if newest is None:
        return judged(fact, None, "the new service deployment was never listed")
    said = "the new one" if after == newest else "the same as before: stale" if after == before else tail(after)
    return Finding(fact, LEARNED, f"began {tail(newest)}; right afterwards it named {said}")


def listed_within(seconds, allowed):
    fact = f"a new service deployment is listed within {allowed} s (a third of the claim's lease)"
    if seconds is None:
        return judged(fact, False, "it was not listed while it was watched")
    return judged(fact, seconds <= allowed, f"listed after {seconds:.1f} s")


def started_by(starters, deployments):
    """`startedBy` of the running tasks, and the ids `ecs-svc/N` of the deployments that there are."""
    fact = "a task's `startedBy` is its deployment's id `ecs-svc/N`"
    if not starters:
        return judged(fact, None, "no task ran")
    return judged(fact, set(starters) <= set(deployments), f"startedBy {sorted(set(starters))}; deployments {sorted(set(deployments))}")


def digests(found):
    fact = "every running container of Fargate has an `imageDigest`"
    if not found:
        return judged(fact, None, "no container ran")
    return judged(fact, all(found), f"{sum(1 for each in found if each)} of {len(found)} containers had one")


@dataclass(frozen=True)
class Look:
    """One look at a service while a rollout fails: (id, definition, rolloutState) of its deployments, PRIMARY first; the
    states of its service deployments by definition; what `currentServiceDeployment` named."""

    seconds: float
    deployments: tuple
    states: dict


def breaker(looks, before, good, bad):
    """`before` is the id of PRIMARY before the update to the definition `bad`, which crashes; it ran `good`."""
    fact = "does the circuit breaker's rollback give PRIMARY an id that it did not have before?"
    ours = next((look.deployments[0][0] for look in looks if look.deployments and look.deployments[0][1] == bad), None)
    went_back = [look for look in looks if ours and look.deployments and look.deployments[0][1] == good and look.deployments[0][0] != ours]
    back = [look.deployments[0][0] for look in went_back if look.seconds > first_of(looks, ours)]
    last = looks[-1] if looks else None
    state = last.states.get(bad, "none listed") if last else "nothing was seen"
    seconds = round(last.seconds) if last else 0
    if not back:
        rolled = judged(fact, None, f"no rollback was seen within {seconds} s; the service deployment is {state}")
    else:
        ids = sorted(set(back))
        new = "a new id" if before not in ids else "the id from before"
        rolled = Finding(fact, LEARNED, f"{new}: PRIMARY was {before}, then {ours}, after the rollback {', '.join(ids)}")
    ended = judged(
        "a service deployment that the circuit breaker stopped ends in ROLLBACK_SUCCESSFUL",
        None if not back or not last else state == "ROLLBACK_SUCCESSFUL",
        f"after {seconds} s it is {state}",
    )
    gone = judged(
        "after the rollback the failed deployment's id is gone and PRIMARY is COMPLETED",
        None if not back else ours not in [each[0] for each in last.deployments] and last.deployments[0][2] == "COMPLETED",
        f"left at the end: {[(each[0], each[2]) for each in last.deployments] if last else []}",
    )
    return [rolled, ended, gone]


def first_of(looks, deployment):
    return min((look.seconds for look in looks if deployment in [each[0] for each in look.deployments]), default=float("inf"))


def event_senders(senders, ids_of_account):
    """SenderId of the messages that EventBridge sent. Roles' and users' ids begin with four capitals of IAM's."""
    fact = "EventBridge's messages have a SenderId that is no role or user of the account"
    if not senders:
        return judged(fact, None, "no event arrived")
    ours = [each for each in senders if each.startswith(("AROA", "AIDA", "ASIA")) or each.partition(":")[0] in ids_of_account]
    return judged(fact, not ours, f"SenderId: {', '.join(sorted(set(senders)))}")


def own_sender(sender, user_id):
    """SenderId of a message of ours, and UserId of GetCallerIdentity: `AROA...:session`, or `AIDA...`."""
    fact = "SenderId of a role's session is `<role id>:<session name>`, of a user its id: what workflow_senders compares"
    if sender is None:
        return judged(fact, None, "the message did not arrive")
    same = sender == user_id
    return judged(fact, same, f"SenderId {'is' if same else 'is not'} GetCallerIdentity's UserId ({sender.partition(':')[0]} before the colon)")


def events_of_rollback(events, back, bad):
    """(eventName, deploymentId) of the probe's events; `back` is PRIMARY's id after the rollback, `bad` that of the crash."""
    fact = "for a rollback FAILED is sent, and COMPLETED too for what is gone back to: only the id tells them apart"
    names = {(name, deployment) for name, deployment in events}
    if back is None or not events:
        return judged(fact, None, f"{len(events)} events arrived, and no rollback was seen")
    failed = any(name.endswith("_FAILED") and deployment == bad for name, deployment in names)
    completed = any(name.endswith("_COMPLETED") and deployment == back for name, deployment in names)
    return judged(fact, failed and completed, f"FAILED of {bad}: {failed}; COMPLETED of {back}: {completed}; all: {sorted(names)}")


def permitted(log, deployed):
    """The worker's log, and whether both deployments were healthy."""
    fact = "infra/policies/worker-actions.json is enough: revisions and their tags by family, ListTasks by its cluster"
    denied = [line.strip()[:300] for line in log.splitlines() if "AccessDenied" in line or "not authorized to perform" in line]
    if denied:
        return judged(fact, False, f"{len(denied)} refusals, the first: {denied[0]}")
    return judged(fact, True if deployed else None, "no call was refused" if deployed else "the deployments did not end healthy")


def trust_keys(refusal):
    return judged(
        "IAM takes `repository_id` and `ref` of GitHub's tokens as condition keys in this partition",
        refusal is None,
        f"refused: {refusal}" if refusal else "the role was made",
    )


# Assumed too, and not to be seen with what one run makes.
OUT_OF_REACH = (
    "all of GitHub: a stand-in speaks for it here (immutable subjects, compare's `status`, app 15368, approvals)",
    "RDS: `EngineVersion: 17` with the minor version left open",
    "a read-only root file system with PostgreSQL's image",
    "whether the age of the oldest message counts a message's delay (a queue's metrics come too late for one run)",
    "a service without any COMPLETED deployment: that the circuit breaker stalls (an hour or more)",
    "prices",
)
