//! The table, the page over it, and a way to go on with what is under way. On 127.0.0.1 only.

use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lockstep::adapters::dynamodb::{DynamoDbStore, create_table};
use lockstep::config::Config;
use lockstep::dashboard::{self, Dashboard};
use lockstep::ports::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Staged;
use crate::seeds::{self, Seeds};
use crate::story::Story;

const TABLE: &str = "lockstep";

const CONFIG: &str = r#"
table = "lockstep"
queue = { url = "http://127.0.0.1/q", dead_letter_url = "http://127.0.0.1/d" }
[applications.shop]
github = { owner = "example", repository = "shop", version_file = "version.json", build_workflow = "build.yml" }
registry = { repository = "registry.example.test/shop" }
[applications.shop.environments.staging]
kind = "staging"
cluster = "staging"
service = "shop"
container = "app"
database = { service = "shop-database" }
readiness = { url = "https://staging.shop.example.test/api/ready" }
[applications.shop.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "production"
service = "shop"
container = "app"
readiness = { url = "https://shop.example.test/api/ready" }
"#;

/// A served page.
pub struct Stage {
    address: SocketAddr,
    seeds: Seeds,
    under_way: Story,
    shutdown: CancellationToken,
}

impl Stage {
    /// Starts it, with the morning in its table.
    pub async fn start() -> Self {
        let store = table().await;
        let (seeds, under_way) = seeds::write(&store).await;
        let config = Config::parse(CONFIG, Path::new("stage.toml"), std::iter::empty()).unwrap();
        let clock = Arc::new(Staged { from: seeds::noon(), made: Instant::now() });
        let dashboard = Dashboard::new(&config, store, clock, Vec::new()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(dashboard::serve(dashboard, listener, shutdown.clone()));
        Self { address, seeds, under_way, shutdown }
    }

    /// The page's address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Which deployments there are.
    #[must_use]
    pub fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// Production's deployment makes one step; its state then.
    pub async fn advance(&mut self) -> String {
        self.under_way.on().await;
        self.under_way.state().to_string()
    }

    /// Ends it.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }
}

async fn table() -> Arc<dyn Store> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, pending()));
    let shared = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .credentials_provider(aws_credential_types::Credentials::new("AKIATEST", "key", None, None, "test"))
        .load()
        .await;
    let config = aws_sdk_dynamodb::config::Builder::from(&shared).endpoint_url(endpoint).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    create_table(&client, TABLE).await.unwrap();
    Arc::new(DynamoDbStore::new(client, TABLE.to_owned()))
}
