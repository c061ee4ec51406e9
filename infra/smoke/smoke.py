#!/usr/bin/env python3
"""Runs Lockstep once in a real AWS account, and says which assumptions about AWS turned out how. Makes a throw-away cluster
(three services of one small Fargate task), queues, table, rule, roles, a security group and an image repository, all named
and tagged lockstep-smoke-<suffix>; deploys a public sample image to its staging, promotes it to its production, tries
things out on the third service, and deletes everything. README.md has what it costs, needs, and leaves.

    smoke.py --region us-east-1              about 45 minutes, about 15 cents
    smoke.py --region us-east-1 --dry-run    prints every call, makes none
    smoke.py --region us-east-1 --teardown <suffix>    what a killed run left

Ends with 0 if every assumption held, 1 if one did not, a deployment failed or something is left, 2 for wrong arguments.
Must never touch what does not carry the run's tag, nor print a credential.
"""

import argparse
import ipaddress
import os
import sys
import tempfile
import urllib.request
from pathlib import Path

import facts
from account import Account
from aws import PATIENCE, Aws, Failed, Refused
from deployments import VERSION, WAIT, GitHub, Images, Lockstep, Readiness, configuration, new_id
from interrupts import Interrupts
from names import Names
from probes import BREAKER, Probes
from teardown import Teardown, Untagged

WORKSPACE = Path(__file__).resolve().parents[2]
SAMPLE = "public.ecr.aws/nginx/nginx:stable"
COMMIT_OF_NOTHING = "0" * 40


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0], epilog="See README.md beside this file.")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION"), help="where; AWS_REGION if not given")
    parser.add_argument("--dry-run", action="store_true", help="print every call and command, make none")
    parser.add_argument("--teardown", metavar="SUFFIX", help="only delete what the run of this suffix left")
    parser.add_argument("--keep", action="store_true", help="leave everything in place at the end (it goes on costing)")
    parser.add_argument("--address", metavar="CIDR", help="who may reach the tasks; this machine's public address if not given")
    parser.add_argument("--sample", default=SAMPLE, help=f"the public image; answers GET / on port 80 (default: {SAMPLE})")
    parser.add_argument("--breaker-seconds", type=int, default=BREAKER, help="how long to watch the circuit breaker (default: %(default)s)")
    parser.add_argument("--registry", metavar="HOST/NAME", help="a repository of yours, docker signed in, instead of one in ECR; never deleted")
    parser.add_argument("--readiness", metavar="URL", help="where readiness is asked for, with {environment} in it, instead of the tasks themselves")
    parser.add_argument("--call-seconds", type=float, default=PATIENCE, help="after how long one call counts as hanging (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=10, help="seconds between two looks (default: %(default)s)")
    chosen = parser.parse_args(words)
    if not chosen.region:
        parser.error("--region is missing")
    if chosen.address is not None:
        chosen.address = str(ipaddress.ip_network(chosen.address))
    return chosen


def program(name):
    path = Path(os.environ.get(f"{name.upper()}_BIN", WORKSPACE / "target" / "debug" / name))
    if not os.access(path, os.X_OK):
        raise SystemExit(f"{path} is missing: cargo build -p sandbox -p {name} (or set {name.upper()}_BIN)")
    return str(path)


def own_address():
    with urllib.request.urlopen("https://checkip.amazonaws.com", timeout=30) as answer:
        return f"{ipaddress.ip_address(answer.read().decode().strip())}/32"


def endpoints():
    """AWS CLI's own variables for another endpoint, for `lockstep`, which has settings instead."""
    found = {name: os.environ.get(f"AWS_ENDPOINT_URL_{name.upper()}", os.environ.get("AWS_ENDPOINT_URL")) for name in ("dynamodb", "sqs", "ecs")}
    return {f"{name}_endpoint": url for name, url in found.items() if url}


def worker_credentials(aws, names):
    """A session of the worker's role. IAM needs a moment until a new role can be assumed."""

    def assume():
        try:
            return aws("sts", "assume-role", quiet=True, RoleArn=names.role("worker"), RoleSessionName="smoke", DurationSeconds=3600)
        except Refused as refused:
            if refused.code != "AccessDenied":
                raise
            return None

    session = aws.until("the worker's role can be assumed", 120, assume, pause=5)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }


class Run:
    """One run, from nothing to findings."""

    def __init__(self, chosen, aws, names, identity, folder, say, interrupts):
        self.chosen, self.aws, self.names, self.identity = chosen, aws, names, identity
        self.folder, self.say, self.interrupts = folder, say, interrupts
        self.closers = []

    def findings(self):
        chosen, aws, names = self.chosen, self.aws, self.names
        account = Account(aws, names)
        repository = chosen.registry or account.repository()
        images = Images(repository, chosen.sample, self.folder, self.say, chosen.dry_run)
        password = "" if chosen.registry else aws.registry_password()
        if not chosen.registry:
            images.sign_in(password)
        images.push("first", COMMIT_OF_NOTHING)
        account.roles()
        network = account.network(chosen.address or ("<this machine>/32" if chosen.dry_run else own_address()))
        places = {**account.queues(), "repository": repository, "endpoints": endpoints()}
        account.table()
        account.rule()
        account.cluster()
        account.services(f"{repository}:first", network)
        lockstep, healthy = self.deploy(images, places, password)
        if not chosen.dry_run:
            yield facts.permitted(lockstep.log, healthy)
            yield facts.judged("Lockstep deploys to staging and promotes to production in a real account", healthy, "see above")
        image = f"{repository}:first"
        yield from Probes(aws, names, image, places, self.identity, chosen.breaker_seconds, chosen.pause).run()

    def deploy(self, images, places, password):
        """One staging deployment, its beta promoted; whether both ended healthy."""
        chosen, names = self.chosen, self.names
        deployment = new_id()
        wait = ("--wait", "--wait-timeout", str(WAIT))
        if chosen.dry_run:
            images.push(f"build-{deployment}", "<commit>")
            self.say("+ sandbox --quiet   (for its GitHub)")
            self.aws("sts", "assume-role", RoleArn=names.role("worker"), RoleSessionName="smoke", DurationSeconds=3600)
            self.say("+ lockstep worker   (as the worker's role)")
            self.say(f"+ lockstep deploy staging --id {deployment} {' '.join(wait)}")
            self.say(f"+ lockstep promote {VERSION}-<commit>.beta {' '.join(wait)}")
            return None, None
        with self.interrupts.held():
            github = GitHub(program("sandbox"), self.folder)
            self.closers.append(github.stop)
        settings = github.settings()
        commit = github.commit()
        # Before it is asked for: GitHub's stand-in ends its run by itself, and the worker then reads this tag.
        images.push(f"build-{deployment}", commit)
        readiness = Readiness(self.aws, names.cluster)
        self.closers.append(readiness.stop)
        places["readiness"] = {
            each: chosen.readiness.format(environment=each) if chosen.readiness else readiness.url(each) for each in ("staging", "production")
        }
        lockstep = Lockstep(program("lockstep"), self.folder, {"LOCKSTEP_REGISTRY_PASSWORD": password}, self.say)
        lockstep.config.write_text(configuration(names, places, settings), encoding="utf-8")
        self.closers.append(lockstep.stop)
        credentials = worker_credentials(self.aws, names)
        with self.interrupts.held():
            lockstep.start_worker(credentials)
        staged = lockstep.run("deploy", "staging", "--id", deployment, *wait)
        promoted = lockstep.run("promote", f"{VERSION}-{commit[:7]}.beta", *wait) if staged == 0 else None
        if promoted != 0:
            self.say("The worker's log ends with:\n" + "\n".join(lockstep.log.splitlines()[-40:]))
        lockstep.stop()
        return lockstep, staged == 0 and promoted == 0

    def close(self):
        for closer in reversed(self.closers):
            try:
                closer()
            except Exception as problem:  # the others have their turn, and so has the teardown
                self.say(f"error: {problem!r}")


def take_down(aws, names, say, chosen):
    """Whether nothing is left, as far as could be looked."""
    again = f"smoke.py --region {names.region} --teardown {names.suffix}"
    # With a registry of one's own a run makes no repository, and need not be allowed to look for one.
    teardown = Teardown(aws, names, say, chosen.pause, without=("repository",) if chosen.registry else ())
    try:
        left = teardown.run()
    except (Untagged, Failed) as problem:
        left = [f"error: {problem}"]
    for line in left:
        say(line)
    if left:
        say(f"again with: {again}\nby the tag (which lists for some time what is deleted, and no roles): {teardown.by_tag()}")
    else:
        say(f"nothing is left of {names.base}")
    return not left


class Terminal:
    """Prints, as long as there is a terminal: a teardown does not end with it."""

    def __call__(self, line):
        try:
            print(line, flush=True)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)


def main(words, say):
    chosen = arguments(words)
    interrupts = Interrupts().install()
    aws = Aws(chosen.region, chosen.dry_run, say, patience=chosen.call_seconds)
    try:
        identity = aws("sts", "get-caller-identity")
        names = Names(Names.fresh() if chosen.teardown is None else chosen.teardown, identity["Account"], chosen.region)
    except ValueError as error:
        say(f"error: {error}")
        return 2
    except Failed as failed:
        say(f"error: {failed}")
        return 1
    if chosen.teardown is not None:
        interrupts.defer()
        return 0 if take_down(aws, names, say, chosen) else 1
    say(f"this run is {names.base}; if it is killed: smoke.py --region {chosen.region} --teardown {names.suffix}")
    with tempfile.TemporaryDirectory(prefix=f"{names.base}-", ignore_cleanup_errors=True) as folder:
        return whole(Run(chosen, aws, names, identity, Path(folder), say, interrupts))


def whole(run):
    """One run and its end; the exit code."""
    say, chosen, names = run.say, run.chosen, run.names
    found = []

    def look():
        for finding in run.findings():
            if not chosen.dry_run:
                say(str(finding))
                found.append(finding)

    def end(problem):
        if problem is not None:
            said = str(problem) or ("interrupted" if isinstance(problem, KeyboardInterrupt) else repr(problem))
            say(f"error: {said}")
            found.append(facts.Finding("the run came to its end", facts.OTHERWISE, said))
        run.close()
        if chosen.keep:
            say(f"kept, and costing, until: smoke.py --region {chosen.region} --teardown {names.suffix}")
            return True
        return take_down(run.aws, names, say, chosen)

    clean = run.interrupts.guarding(look, end)
    if chosen.dry_run:
        say("\nA dry run: no call was made, nothing was seen.")
        return 0
    say("\nWhat turned out how:")
    for finding in found:
        say(str(finding))
    say("\nNot looked at here:")
    for each in facts.OUT_OF_REACH:
        say(f"    {each}")
    return 1 if not clean or any(each.outcome == facts.OTHERWISE for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Terminal()))
