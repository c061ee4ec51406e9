"""GitHub's OpenAPI description as a judge of exchanges. The judging is jsonschema's; here is only which part of the
description applies: the path, the operation, its parameters, the body and the answer of that status. Must never accept
what it cannot place.
"""

import json
import re
from functools import cache
from urllib.parse import parse_qsl, unquote

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = "urn:github"


def plain(schema):
    """A schema of OpenAPI 3.0 as JSON Schema: null is said otherwise, and references are from the root."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: plain(value) for key, value in schema.items()}
    if isinstance(changed.get("$ref"), str):
        changed["$ref"] = changed["$ref"].replace("#/", f"{ROOT}#/", 1)
    # Of an address that is not there: its default is no address.
    empty = [{"const": ""}] if changed.get("format") == "uri" and changed.get("default") == "" else []
    null = [{"type": "null"}] if changed.pop("nullable", None) is True else []
    return {"anyOf": [changed, *empty, *null]} if empty or null else changed


def located(error):
    """An error as place and reason; of alternatives, the one that came nearest."""
    best = jsonschema.exceptions.best_match([error])
    place = "/".join(str(step) for step in best.absolute_path)
    return f"{place or 'the whole'}: {best.message[:300]}"


class Description:
    def __init__(self, path):
        document = json.loads(path.read_text())
        self.paths = document["paths"]
        self.components = document["components"]
        resource = Resource(contents={"components": plain(document["components"])}, specification=DRAFT202012)
        self.registry = Registry().with_resource(ROOT, resource)
        self.templates = [(self.pattern(template), template) for template in self.paths]

    @staticmethod
    def pattern(template):
        """A path's template as a pattern. These parameters may hold slashes, as GitHub's documentation says of them."""
        deep = {"path", "ref", "basehead", "tag"}
        parts = re.split(r"\{([^}]+)\}", template)
        names, texts = parts[1::2], parts[0::2]
        pattern = re.escape(texts[0])
        for name, text in zip(names, texts[1:]):
            # Contents of a directory's path, a reference, a comparison: all to the end.
            within = ".+" if name in deep and not text else "[^/]+"
            pattern += f"(?P<p{names.index(name)}>{within}){re.escape(text)}"
        return re.compile(pattern + r"\Z"), names

    @cache
    def operation(self, method, path):
        """The template, the operation and the path's values; `None` where GitHub has none. The most literal template wins."""
        found = []
        for (pattern, names), template in self.templates:
            match = pattern.match(path)
            if match and method.lower() in self.paths[template]:
                values = {name: unquote(match[f"p{number}"]) for number, name in enumerate(names)}
                found.append((len(names), len(values.get(names[-1], "")) if names else 0, template, values))
        if not found:
            return None
        _, _, template, values = min(found, key=lambda entry: entry[:2])
        return template, self.paths[template][method.lower()], values

    def resolved(self, part):
        while "$ref" in part:
            _, _, kind, name = part["$ref"].split("/")
            part = self.components[kind][name]
        return part

    def wrong(self, schema, value):
        validator = jsonschema.Draft202012Validator(
            plain(schema), registry=self.registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        return [located(error) for error in validator.iter_errors(value)]

    def violations(self, exchange):
        """Where the exchange departs from the description, each as (operation, part, what)."""
        found = self.operation(exchange.method, exchange.path)
        if found is None:
            return [("none", "path", f"GitHub has no {exchange.method} {exchange.path}")]
        _, operation, values = found
        name = operation["operationId"]
        parts = {
            "parameter": self.parameters(operation, values, exchange),
            "request": self.request(operation, exchange),
            "answer": self.answer(operation, exchange),
        }
        return [(name, part, problem) for part, problems in parts.items() for problem in problems]

    def parameters(self, operation, values, exchange):
        query = parse_qsl(exchange.query or "", keep_blank_values=True)
        described = [self.resolved(parameter) for parameter in operation.get("parameters", [])]
        given = {"path": values, "query": dict(query), "header": exchange.headers}
        known = {parameter["name"] for parameter in described if parameter["in"] == "query"}
        problems = [f"query has {key}, which is ignored" for key, _ in query if key not in known]
        if len(dict(query)) < len(query):
            problems.append("a query parameter is there twice")
        for parameter in described:
            place, key = parameter["in"], parameter["name"]
            if key not in given[place]:
                if parameter.get("required"):
                    problems.append(f"{place} lacks {key}")
                continue
            problems += [f"{place} {key}: {wrong}" for wrong in self.text(parameter["schema"], given[place][key])]
        return problems

    def text(self, schema, text):
        """What is wrong with a value that is text on the wire, whatever it means."""
        readings = [text]
        if re.fullmatch(r"-?\d+", text):
            readings.append(int(text))
        if text in ("true", "false"):
            readings.append(text == "true")
        wrong = [self.wrong(schema, reading) for reading in readings]
        return [] if [] in wrong else wrong[-1]

    def request(self, operation, exchange):
        described = self.resolved(operation["requestBody"]) if "requestBody" in operation else None
        if not exchange.body:
            return ["lacks its body"] if described and described.get("required") else []
        if described is None:
            return ["has a body, and none is described"]
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        content = described["content"].get(kind)
        if content is None:
            return [f"is {kind or 'of no type'}, expected one of {sorted(described['content'])}"]
        body = json.loads(exchange.body)
        problems = self.wrong(content["schema"], body)
        # A member that GitHub does not know would be ignored in silence.
        known = self.resolved(content["schema"]).get("properties", {})
        return problems + [f"has {key}, which is ignored" for key in body if key not in known]

    def answer(self, operation, exchange):
        answers = operation["responses"]
        described = answers.get(str(exchange.status))
        if 400 <= exchange.status < 500 and max(answers) < "400":
            # Of some operations no refusal is described, though GitHub refuses them too: as all others, then.
            described = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
        if described is None:
            return [f"{exchange.status} is not documented; {sorted(answers)} are"]
        content = self.resolved(described).get("content", {})
        if not content:
            return ["has a body, and none is described"] if exchange.answer.strip() else []
        # What was asked for in another form than JSON is described by no schema.
        wanted = exchange.headers.get("accept", "")
        if ".raw" in wanted or ".sha" in wanted:
            return []
        if "application/json" not in content:
            return [f"is described as {sorted(content)}, which is not looked at"]
        try:
            body = json.loads(exchange.answer)
        except ValueError:
            return [f"is no JSON: {exchange.answer[:80]}"]
        return self.wrong(content["application/json"]["schema"], body)
