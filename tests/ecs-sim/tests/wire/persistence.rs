//! What survives a restart, and how a simulator refuses to start.

use std::net::SocketAddr;
use std::sync::Arc;

use aws_sdk_ecs::types::{DesiredStatus, ServiceDeploymentStatus};
use ecs_sim::{EcsSim, PersistError, StartError};

use crate::support::{CLUSTER, Imaginary, SERVICE, Wire, config};

#[tokio::test]
async fn everything_but_the_processes_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(2);
    config.state_file = Some(directory.path().join("ecs.json"));
    let wire = Wire::with(config.clone()).await;
    wire.until_running(2).await;
    let updated = wire.deploy("good").await;
    wire.until_newest_is(ServiceDeploymentStatus::Successful).await;
    let front = wire.sim.front_url(CLUSTER, SERVICE).unwrap();
    let log = wire.sim.log();
    wire.sim.shutdown().await;

    // Another seed: what exists is not touched.
    config.seed[0].services[0].desired_count = 7;
    let wire = Wire::with(config).await;
    let service = wire.until_running(2).await;
    assert_eq!(service.desired_count(), 2);
    assert_eq!(service.task_definition(), updated.task_definition());
    assert_eq!(service.deployments()[0].id(), updated.deployments()[0].id());
    assert_eq!(service.deployments()[0].failed_tasks(), 0);
    assert_eq!(wire.sim.front_url(CLUSTER, SERVICE).as_deref(), Some(front.as_str()));
    assert_eq!(wire.sim.log(), log);
    let lost =
        wire.ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).desired_status(DesiredStatus::Stopped);
    assert!(lost.send().await.unwrap().task_arns().len() >= 2);
}

#[tokio::test]
async fn an_answer_is_stored_before_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(0);
    let path = directory.path().join("ecs.json");
    config.state_file = Some(path.clone());
    let wire = Wire::with(config).await;
    let arn = wire.register("good").await;
    assert!(std::fs::read_to_string(path).unwrap().contains(&arn));
}

#[tokio::test]
async fn a_state_file_that_cannot_be_read_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(0);
    let path = directory.path().join("ecs.json");
    std::fs::write(&path, "{}").unwrap();
    config.state_file = Some(path);
    let Err(error) = EcsSim::start_with(config, Arc::new(Imaginary::default())).await else {
        panic!("it started");
    };
    assert!(matches!(error, StartError::State(PersistError::Content { .. })), "{error}");
    assert!(error.to_string().contains("ecs.json"), "{error}");
}

#[tokio::test]
async fn only_loopback_and_free_ports_are_taken() {
    let start = async |config| EcsSim::start_with(config, Arc::new(Imaginary::default())).await.err();
    let mut everywhere = config(0);
    everywhere.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(matches!(start(everywhere).await, Some(StartError::NotLocal(_))));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let holder = std::net::TcpListener::bind(taken).unwrap();
    let mut listening = config(0);
    listening.listen = taken;
    assert!(matches!(start(listening).await, Some(StartError::Listen { .. })));
    let mut fronting = config(0);
    fronting.seed[0].services[0].front_port = taken.port();
    assert!(matches!(start(fronting).await, Some(StartError::Front { .. })));
    drop(holder);
}

#[tokio::test]
async fn a_bad_seed_is_named() {
    let mut config = config(0);
    config.seed[0].services[0].task_definition = serde_json::json!({ "family": "web" });
    let Err(error) = EcsSim::start_with(config, Arc::new(Imaginary::default())).await else {
        panic!("it started");
    };
    assert!(error.to_string().starts_with("the seed of service web was refused: ClientException"), "{error}");
}
