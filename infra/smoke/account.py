"""What one run makes in the account. Everything is tagged when it is made, never afterwards: what has no tag is not ours.
"""

import json

from names import CONTAINER, SERVICES

# Seconds for a service to come up: an image is pulled over the internet.
STEADY = 900


def trust(principal):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
        }
    )


def definition(names, service, image, environment=None, **container):
    """A task definition: one container, the smallest size of Fargate."""
    return {
        "family": names.families[service],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": names.role("execution"),
        "containerDefinitions": [
            {
                "name": CONTAINER,
                "image": image,
                "essential": True,
                "portMappings": [{"containerPort": 80}],
                "environment": [{"name": key, "value": value} for key, value in (environment or {}).items()],
                **container,
            }
        ],
        "tags": names.tags("key", "value"),
    }


class Account:
    """Makes everything but the images, in the order in which it depends on each other."""

    def __init__(self, aws, names):
        self.aws, self.names = aws, names

    def repository(self):
        """ECR's repository; its address as task definitions write it."""
        made = self.aws("ecr", "create-repository", repositoryName=self.names.repository, tags=self.names.tags())
        return made["repository"]["repositoryUri"]

    def roles(self):
        """What starts the tasks, and what the worker runs as: exactly its policy, held to this run's names."""
        names, aws = self.names, self.aws
        tasks = trust({"Service": "ecs-tasks.amazonaws.com"})
        aws("iam", "create-role", RoleName=names.roles["execution"], AssumeRolePolicyDocument=tasks, Tags=names.tags())
        managed = f"arn:{names.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        aws("iam", "attach-role-policy", RoleName=names.roles["execution"], PolicyArn=managed)
        anybody = trust({"AWS": names.arn("iam", "root", region=False)})
        aws("iam", "create-role", RoleName=names.roles["worker"], AssumeRolePolicyDocument=anybody, Tags=names.tags())
        policy = json.dumps(names.worker_policy())
        aws("iam", "put-role-policy", RoleName=names.roles["worker"], PolicyName="worker", PolicyDocument=policy)

    def network(self, address):
        """The default network's subnets, and a group that lets in one address; its id and theirs."""
        names, aws = self.names, self.aws
        found = aws("ec2", "describe-vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
        vpcs = [vpc["VpcId"] for vpc in found["Vpcs"]]
        if not vpcs:
            raise SystemExit("this account has no default VPC in this region: choose a region that has one (--region)")
        filters = [{"Name": "vpc-id", "Values": vpcs}, {"Name": "default-for-az", "Values": ["true"]}]
        subnets = [subnet["SubnetId"] for subnet in aws("ec2", "describe-subnets", Filters=filters)["Subnets"]]
        group = aws(
            "ec2",
            "create-security-group",
            GroupName=names.group,
            Description="lockstep smoke test: HTTP from one address",
            VpcId=vpcs[0],
            TagSpecifications=[{"ResourceType": "security-group", "Tags": names.tags()}],
        )["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": address}]}
        aws("ec2", "authorize-security-group-ingress", GroupId=group, IpPermissions=[rule])
        return {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}

    def queues(self):
        """The URLs by name. The probe's queue gets the same events, so that the worker's need not be read."""
        names, aws = self.names, self.aws
        tags = {tag["Key"]: tag["Value"] for tag in names.tags()}
        # In text: a policy that EventBridge alone needs; roles have policies of their own.
        events = lambda queue: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue,
                        "Condition": {"ArnEquals": {"aws:SourceArn": names.arn("events", f"rule/{names.rule}")}},
                    }
                ],
            }
        )
        redrive = json.dumps({"deadLetterTargetArn": names.queue("dead-letters"), "maxReceiveCount": 10})
        attributes = {
            "dead-letters": {},
            "requests": {"VisibilityTimeout": "60", "RedrivePolicy": redrive, "Policy": events(names.queue("requests"))},
            "probe": {"Policy": events(names.queue("probe"))},
        }
        return {
            name: aws("sqs", "create-queue", QueueName=names.queues[name], Attributes=asked, tags=tags)["QueueUrl"]
            for name, asked in attributes.items()
        }

    def table(self):
        names = self.names
        self.aws(
            "dynamodb",
            "create-table",
            TableName=names.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            Tags=names.tags(),
        )
        active = lambda: self.aws("dynamodb", "describe-table", quiet=True, TableName=names.table)["Table"]["TableStatus"] == "ACTIVE"
        self.aws.until("the table is active", 120, active, pause=3)

    def rule(self):
        """ECS's deployment events of the run's services, as `src/lockstep/ecs-events.ts` asks for them."""
        names, aws = self.names, self.aws
        pattern = {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [names.service(service) for service in SERVICES],
        }
        aws("events", "put-rule", Name=names.rule, EventPattern=json.dumps(pattern), Tags=names.tags())
        targets = [{"Id": name, "Arn": names.queue(name)} for name in ("requests", "probe")]
        aws("events", "put-targets", Rule=names.rule, Targets=targets)

    def cluster(self):
        self.aws("ecs", "create-cluster", clusterName=self.names.cluster, tags=self.names.tags("key", "value"))

    def services(self, image, network):
        """One task each, with the circuit breaker that Lockstep asks for."""
        names, aws = self.names, self.aws
        for service in SERVICES:
            aws("ecs", "register-task-definition", **definition(names, service, image))
            aws(
                "ecs",
                "create-service",
                cluster=names.cluster,
                serviceName=service,
                taskDefinition=names.families[service],
                desiredCount=1,
                launchType="FARGATE",
                deploymentConfiguration={
                    "minimumHealthyPercent": 100,
                    "maximumPercent": 200,
                    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                },
                networkConfiguration={"awsvpcConfiguration": network},
                tags=names.tags("key", "value"),
            )
        self.aws.until("all services are steady", STEADY, lambda: all(steady(aws, names.cluster, each) for each in SERVICES))


def described(aws, cluster, service):
    return aws("ecs", "describe-services", quiet=True, cluster=cluster, services=[service])["services"][0]


def steady(aws, cluster, service):
    """Whether its newest rollout is complete and all its tasks run."""
    found = described(aws, cluster, service)
    primary = [each for each in found["deployments"] if each["status"] == "PRIMARY"]
    complete = [each for each in primary if each.get("rolloutState") == "COMPLETED"]
    return bool(complete) and len(found["deployments"]) == 1 and found["runningCount"] == found["desiredCount"]
