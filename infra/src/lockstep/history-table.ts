// The table: every deployment's history, the locks, what each environment runs. Must never get a TTL or a secondary
// index: nothing is decided on what is deleted late or read late (ARCHITECTURE.md, "Data model").

import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import type { Names } from "../config/names";

export class HistoryTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      tableName: names.table,
      // The names in worker/src/adapters/dynamodb/keys.rs.
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      // A few hundred writes per deployment and none in between.
      billingMode: BillingMode.PAY_PER_REQUEST,
      // AWS's key in KMS: its use is in CloudTrail, and callers need no right on it.
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
