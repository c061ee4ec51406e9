//! Reading the table. Every read is strongly consistent, and every list is read to its end or its limit.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use serde::de::DeserializeOwned;

use super::items::{Item, decode, decode_entry, decode_lock};
use super::keys::{self, Key};
use super::store::DynamoDbStore;
use crate::faults::Service;
use crate::faults::aws::classify;
use crate::ports::{Answer, BetaRecord, EnvironmentView, HoldRecord, Recorded, Summary, VersionBinding};

const GET: &str = "GetItem";
const QUERY: &str = "Query";

impl DynamoDbStore {
    /// The newest item of a history.
    pub(super) async fn newest_entry(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        let query = self.begins_with(keys::history(id), keys::EVENTS).scan_index_forward(false);
        let newest = take(query, 1).await?.pop();
        newest.map(|item| decode_entry(QUERY, item)).transpose()
    }

    /// The items of a history with a higher number than `after`, in order.
    pub(super) async fn entries_after(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        let query = self
            .query("pk = :pk AND sk > :after", keys::history(id))
            .expression_attribute_values(":after", AttributeValue::S(Key::event(id, after).sort));
        all(query).await?.into_iter().map(|item| decode_entry(QUERY, item)).collect()
    }

    /// An environment's lock and record.
    ///
    /// The lock is read first. Whoever acts on the record takes the lock with the token read here, which
    /// fails if any holder (and only a holder writes the record) came in between; so two plain reads are as
    /// good as a transaction, and unlike one they never collide with a writer.
    pub(super) async fn environment_view(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        let lock = self.get_item(&Key::lock(application, environment)).await?;
        let record = self.get(&Key::record(application, environment)).await?;
        Ok(EnvironmentView { lock: decode_lock(GET, lock)?, record: record.unwrap_or_default() })
    }

    /// The newest lines of an environment's list. Ids begin with their time, so the key sorts them.
    pub(super) async fn newest_summaries(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        let partition = keys::environment_partition(application, environment);
        let query = self.begins_with(partition, keys::DEPLOYMENTS).scan_index_forward(false);
        take(query, limit).await?.into_iter().map(|item| decode(QUERY, item)).collect()
    }

    /// The newest holds of an environment. Ids begin with their time, so the key sorts them.
    pub(super) async fn newest_holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        let partition = keys::environment_partition(application, environment);
        let query = self.begins_with(partition, keys::HOLDS).scan_index_forward(false);
        take(query, limit).await?.into_iter().map(|item| decode(QUERY, item)).collect()
    }

    /// An application's healthy betas and bound versions, each newest first.
    pub(super) async fn betas_and_versions(
        &self,
        application: &ApplicationName,
    ) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        let partition = keys::application_partition(application);
        let mut betas: Vec<BetaRecord> = self.decode_all(partition.clone(), keys::BETAS).await?;
        let mut versions: Vec<VersionBinding> = self.decode_all(partition, keys::VERSIONS).await?;
        betas.sort_by_key(|beta| std::cmp::Reverse(beta.at));
        versions.sort_by_key(|version| std::cmp::Reverse(version.at));
        Ok((betas, versions))
    }

    /// The value under a key, if there is one.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Answer<Option<T>> {
        self.get_item(key).await?.map(|item| decode(GET, item)).transpose()
    }

    /// The item under a key, if there is one.
    pub(super) async fn get_item(&self, key: &Key) -> Answer<Option<Item>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| classify(Service::DynamoDb, GET, &error))?;
        Ok(answer.item)
    }

    async fn decode_all<T: DeserializeOwned>(&self, partition: String, prefix: &str) -> Answer<Vec<T>> {
        let items = all(self.begins_with(partition, prefix)).await?;
        items.into_iter().map(|item| decode(QUERY, item)).collect()
    }

    fn begins_with(&self, partition: String, prefix: &str) -> QueryFluentBuilder {
        self.query("pk = :pk AND begins_with(sk, :prefix)", partition)
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    fn query(&self, condition: &str, partition: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", AttributeValue::S(partition))
    }
}

/// Every item that the query finds; DynamoDB answers at most 1 MB a page.
async fn all(query: QueryFluentBuilder) -> Answer<Vec<Item>> {
    let mut found = Vec::new();
    let mut items = query.into_paginator().items().send();
    while let Some(item) = items.next().await {
        found.push(item.map_err(|error| classify(Service::DynamoDb, QUERY, &error))?);
    }
    Ok(found)
}

/// The first items that the query finds.
async fn take(query: QueryFluentBuilder, count: u32) -> Answer<Vec<Item>> {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if wanted == 0 {
        return Ok(found);
    }
    let page = i32::try_from(count).unwrap_or(i32::MAX);
    let mut items = query.limit(page).into_paginator().items().send();
    while found.len() < wanted {
        let Some(item) = items.next().await else { break };
        found.push(item.map_err(|error| classify(Service::DynamoDb, QUERY, &error))?);
    }
    Ok(found)
}
