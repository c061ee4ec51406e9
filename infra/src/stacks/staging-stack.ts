// StagingStack: the application in staging, with a database that is fresh after every deployment. Must never hold
// anything that somebody would miss.

import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { StagingDatabase } from "../application/staging-database";
import { application, cluster, type EnvironmentInputs } from "./environment";

export class StagingStack extends Stack {
  constructor(scope: Construct, id: string, inputs: EnvironmentInputs) {
    super(scope, id, inputs);
    const { config, names, shared } = inputs;
    const staging = cluster(this, "staging", inputs);
    const database = new StagingDatabase(this, "Database", {
      config,
      names,
      vpc: shared.network.vpc,
      cluster: staging,
      logs: shared.applicationLogs,
    });
    const { service } = application(this, "staging", inputs, { cluster: staging, databaseUrl: database.url });
    database.allowFrom(service);
  }
}
