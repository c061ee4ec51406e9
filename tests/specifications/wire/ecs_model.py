"""The service model of ECS that botocore ships as a judge of exchanges. Structure, types, required members and lengths are
judged by botocore's own validator; here is what that lets pass: values of enumerations, timestamps that are no numbers, JSON's
null. Must never accept an operation or an error that the model does not name.
"""

import json

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Errors of the protocol itself, which no operation's list names (AWS, "Common errors").
COMMON = {"AccessDeniedException", "ThrottlingException", "SerializationException", "UnknownOperationException", "ValidationException"}


class Model:
    def __init__(self):
        self.service = ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")
        prefix = self.service.metadata["targetPrefix"]
        self.targets = {f"{prefix}.{name}": name for name in self.service.operation_names}
        self.validator = ParamValidator()

    def operation(self, exchange):
        return self.targets.get(exchange.headers.get("x-amz-target"))

    def violations(self, exchange):
        """Where the exchange departs from the model, each as (operation, part, what)."""
        name = self.operation(exchange)
        if name is None:
            return [("none", "path", f"ECS has no {exchange.headers.get('x-amz-target')}")]
        operation = self.service.operation_model(name)
        parts = {
            "path": [] if (exchange.method, exchange.path) == ("POST", "/") else [f"{exchange.method} {exchange.path}"],
            "request": self.document(operation.input_shape, exchange.body),
            "answer": self.answer(operation, exchange),
        }
        return [(name, part, problem) for part, problems in parts.items() for problem in problems]

    def answer(self, operation, exchange):
        if exchange.status == 200:
            return self.document(operation.output_shape, exchange.answer)
        try:
            error = json.loads(exchange.answer)
            code = error["__type"].rpartition("#")[2]
        except (ValueError, KeyError, TypeError):
            return [f"is an error that does not say which: {exchange.answer[:80]}"]
        if exchange.status not in (400, 500, 503):
            return [f"{exchange.status} is no status of this protocol's errors"]
        named = {shape.name for shape in operation.error_shapes}
        return [] if code in named | COMMON else [f"{code} is none of {sorted(named)}"]

    def document(self, shape, text):
        try:
            document = json.loads(text or "{}")
        except ValueError:
            return [f"is no JSON: {text[:80]}"]
        report = self.validator.validate(document, shape).generate_report()
        return report.splitlines() + list(self.closer(shape, document, ""))

    def closer(self, shape, value, place):
        if value is None:
            yield f"{place or 'the whole'} is null"
        elif shape.type_name == "structure" and isinstance(value, dict):
            for name, inner in value.items():
                if name in shape.members:
                    yield from self.closer(shape.members[name], inner, f"{place}.{name}".lstrip("."))
        elif shape.type_name == "list" and isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self.closer(shape.member, inner, f"{place}[{number}]")
        elif shape.type_name == "map" and isinstance(value, dict):
            for key, inner in value.items():
                yield from self.closer(shape.value, inner, f"{place}[{key}]")
        elif shape.type_name == "string" and shape.enum and value not in shape.enum:
            yield f"{place} is {value!r}, expected one of {shape.enum}"
        elif shape.type_name == "timestamp" and (isinstance(value, bool) or not isinstance(value, (int, float))):
            yield f"{place} is {value!r}, expected seconds since 1970 as a number"
