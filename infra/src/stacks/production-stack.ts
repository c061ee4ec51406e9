// ProductionStack: the application in production, with a database that outlives everything else. Must never be
// deletable by one command.

import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ProductionDatabase } from "../application/production-database";
import { application, cluster, type EnvironmentInputs } from "./environment";

export class ProductionStack extends Stack {
  constructor(scope: Construct, id: string, inputs: EnvironmentInputs) {
    super(scope, id, { ...inputs, terminationProtection: true });
    const { config, names, shared } = inputs;
    const database = new ProductionDatabase(this, "Database", { config, names, vpc: shared.network.vpc });
    const { service } = application(this, "production", inputs, {
      cluster: cluster(this, "production", inputs),
      databaseUrl: database.url,
    });
    database.allowFrom(service);
  }
}
