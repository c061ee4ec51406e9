"""Stands before ministack's ECS and adds what ministack 1.5 lacks: service deployments and revisions, one for each deployment
that it ever showed, and the digests of what runs. Must never decide a rollout: the states are ministack's.
"""

import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATES = {"COMPLETED": "SUCCESSFUL", "FAILED": "STOPPED"}
PREFIX = "AmazonEC2ContainerServiceV20141113."


class Ecs(ThreadingHTTPServer):
    """On a port of 127.0.0.1; everything but the four calls goes to `endpoint` as it came."""

    daemon_threads = True

    def __init__(self, endpoint, digest_of):
        super().__init__(("127.0.0.1", 0), Handler)
        self.endpoint, self.digest_of = endpoint, digest_of
        self.seen = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ask(self, operation, headers, **body):
        _, _, answer = self.forward("/", {**headers, "x-amz-target": PREFIX + operation}, json.dumps(body).encode())
        return json.loads(answer)

    def forward(self, path, headers, body):
        passed = {key: value for key, value in headers.items() if key.lower() not in ("host", "content-length", "accept-encoding")}
        request = urllib.request.Request(self.endpoint + path, data=body, headers=passed, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers.get("content-type"), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("content-type"), error.read()

    def look(self, headers, cluster, service):
        """What every deployment became, newest first."""
        found = self.ask("DescribeServices", headers, cluster=cluster, services=[service])["services"][0]
        base = found["serviceArn"]
        for each in found["deployments"]:
            number = each["id"].rpartition("/")[2]
            self.seen[base.replace(":service/", ":service-deployment/") + f"/{number}"] = {
                "serviceDeploymentArn": base.replace(":service/", ":service-deployment/") + f"/{number}",
                "serviceArn": base,
                "clusterArn": found["clusterArn"],
                "targetServiceRevisionArn": base.replace(":service/", ":service-revision/") + f"/{number}",
                "status": STATES.get(each.get("rolloutState"), "IN_PROGRESS"),
                "createdAt": each["createdAt"],
                "definition": each["taskDefinition"],
            }
        return [each for each in reversed(self.seen.values()) if each["serviceArn"] == base]

    def answer(self, operation, headers, body):
        """The answer to one of the calls that ministack lacks, None for any other."""
        brief = ("serviceDeploymentArn", "serviceArn", "clusterArn", "targetServiceRevisionArn", "status", "createdAt")
        match operation:
            case "ListServiceDeployments":
                listed = self.look(headers, body["cluster"], body["service"])
                return {"serviceDeployments": [{key: each[key] for key in brief} for each in listed]}
            case "DescribeServiceDeployments":
                found = [self.seen[arn] for arn in body["serviceDeploymentArns"]]
                plain = ("serviceDeploymentArn", "serviceArn", "clusterArn", "status", "createdAt")
                return {
                    "serviceDeployments": [
                        {**{key: each[key] for key in plain}, "targetServiceRevision": {"arn": each["targetServiceRevisionArn"]}} for each in found
                    ],
                    "failures": [],
                }
            case "DescribeServiceRevisions":
                found = {each["targetServiceRevisionArn"]: each for each in self.seen.values()}
                revisions = [
                    {"serviceRevisionArn": arn, "serviceArn": found[arn]["serviceArn"], "taskDefinition": found[arn]["definition"]}
                    for arn in body["serviceRevisionArns"]
                ]
                return {"serviceRevisions": revisions, "failures": []}
            case "DescribeTasks":
                answer = self.ask(operation, headers, **body)
                for container in [one for task in answer.get("tasks", []) for one in task["containers"]]:
                    container["imageDigest"] = self.digest_of(container["image"])
                return answer
        return None


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = dict(self.headers.items())
        operation = headers.get("X-Amz-Target", headers.get("x-amz-target", "")).removeprefix(PREFIX)
        answer = self.server.answer(operation, headers, json.loads(body or b"{}"))
        if answer is None:
            status, kind, said = self.server.forward(self.path, headers, body)
        else:
            status, kind, said = 200, "application/x-amz-json-1.1", json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", kind or "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass
